// The types of oauth.js.

export * from "oauth4webapi";
