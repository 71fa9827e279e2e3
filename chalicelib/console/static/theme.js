// Runs before the first paint, so that a chosen theme doesn't flash in the other one.
try {
  document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "";
} catch {
  // A browser that keeps nothing follows the system.
}

// A file of the page that can't be had, after a new release or without a network, would leave it loading for ever.
addEventListener(
  "error",
  ({ target }) => {
    const place = document.querySelector("#app > .boot");
    if (place && target instanceof HTMLScriptElement) place.textContent = "The console could not be loaded. Reload the page to try again.";
  },
  true,
);
