/* The page's address may have a stage before it, so everything is asked for beside the page itself. */
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// @ts-expect-error: swagger-ui-bundle.js, which the page loads before, has defined it
SwaggerUIBundle({
  url: new URL("openapi.json", window.location.href).href,
  domNode: document.getElementById("docs"),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
});
