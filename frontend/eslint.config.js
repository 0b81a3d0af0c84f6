import js from "@eslint/js"
import reactHooks from "eslint-plugin-react-hooks"
import globals from "globals"
import ts from "typescript-eslint"

// Code flows one way: app → features → components/ui, lib. Features meet only in app.
const features = ["accounts", "projects", "threads", "conversation", "runs", "presence"]
const room = ["conversation", "runs", "presence"]
const never = (patterns) => ["error", { patterns: [...always, ...patterns] }]
const always = [
  { regex: "^zod$", message: "Import zod/mini: the whole of zod is four times its size." },
  { regex: "^@solar-icons/react$", message: "Import one icon: @solar-icons/react/linear/NAME." },
]
const areas = features.map((name) => ({
  files: [`src/features/${name}/**`],
  rules: {
    "no-restricted-imports": never([
      { regex: "^@/app(/|$)", message: "app knows the features, never the other way." },
      {
        // The room is one thing in three folders; every other feature stands alone.
        regex: `^@/features/(?!${room.includes(name) ? `(${room.join("|")})` : name}(/|$))`,
        message: "Features meet in app.",
      },
    ]),
  },
}))

export default ts.config(
  { ignores: ["dist", "storybook-static", "node_modules", "public", "src/lib/*.gen.ts"] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  reactHooks.configs.flat["recommended-latest"] ?? reactHooks.configs.flat.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js", "scripts/*.mjs"] } },
    },
    rules: {
      "no-restricted-imports": never([]),
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      "@typescript-eslint/no-invalid-void-type": "off", // "or nothing" is what a handler may answer
      // The router says "go elsewhere" and "not found" by throwing.
      "@typescript-eslint/only-throw-error": ["error", { allow: [{ from: "package", package: "@tanstack/router-core", name: ["Redirect", "NotFoundError"] }] }],
      // Joining a room is an effect, and the store it gives is state.
      "react-hooks/set-state-in-effect": "off",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["src/lib/**", "src/components/**"],
    rules: {
      "no-restricted-imports": never([{ regex: "^@/(app|features)(/|$)", message: "The lower layers know no feature." }]),
    },
  },
  ...areas,
  {
    files: ["eslint.config.js", "scripts/*.mjs"],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { globals: globals.node },
    rules: { "no-console": "off" },
  },
)
