// Runs before the first paint, so that a chosen theme doesn't flash in the other one.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
} catch {
  // A browser that keeps nothing follows the system.
}
