// Before the first paint: the theme this machine was set to, else the system's. A file of its own,
// because the content security policy allows no inline script. Twin of src/lib/theme.ts.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem("parley.theme")
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
  var isDark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches)
  document.documentElement.dataset.theme = isDark ? "dark" : "light"
})()
