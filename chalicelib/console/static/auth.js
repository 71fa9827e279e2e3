// Who is signed in, and what they may do. In `jwt` mode people sign in at the issuer: authorization code with PKCE, by
// oauth4webapi. Tokens live as long as the tab does; nothing is stored beyond it.

import { keep, moduleOf } from "./drafts.js";

/** What the deployment told: filled once, before anything is shown. */
export const settings = {};

const SESSION = "session";
const PENDING = "sign-in";
const EARLY_SECONDS = 15;
const NEW_SECONDS = 30;
const read = (name) => JSON.parse(sessionStorage.getItem(name) ?? "null");
const here = () => location.origin + location.pathname.replace(/\/$/, ""); // one address for the issuer to know, not two
const now = () => Date.now() / 1000;

/** The present session: {token, began, expires, scopes, allowed, name}; null when nobody has signed in. */
export const session = () => (settings.auth_mode === "jwt" ? read(SESSION) : null);
export const isNeeded = () => settings.auth_mode === "jwt" && !session();
/** Whether somebody signed in just now: what refuses that token will refuse the next, and signing in again would never end. */
export const isNew = () => (session()?.began ?? 0) > now() - NEW_SECONDS;

/** @returns {Record<string, string>} */
export const authorization = () => {
  const token = session()?.token;
  return token ? { Authorization: `Bearer ${token}` } : {};
};

/** Before a request: a session that is about to end is renewed at the issuer. */
export const fresh = async () => {
  const one = session();
  if (one && one.expires < now() + EARLY_SECONDS) await signIn();
};

/** Why something isn't allowed, in words; empty when it is. @param {"read"|"write"|"charge"} what */
export function refusal(what) {
  const one = session();
  const scope = `billing:${what}`;
  if (!one || one.allowed.includes(scope)) return "";
  return one.scopes.includes(scope)
    ? `Your role does not allow this; it lacks ${settings.scope_prefix}${scope}.`
    : `Your sign-in lacks the scope ${settings.scope_prefix}${scope}.`;
}

/** What the service lets the bearer of a token do: the scopes, as far as the roles in the token allow them (docs/access.md). */
function allowed(token, scopes) {
  if (!settings.roles_claim) return scopes;
  const named = claimsOf(token)[settings.roles_claim];
  const roles = Array.isArray(named) ? named : typeof named === "string" ? named.split(" ") : [];
  const granted = roles.flatMap((role) => settings.roles[role] ?? []);
  return scopes.length ? scopes.filter((scope) => granted.includes(scope)) : granted;
}

/** What stands in a token, for what the page shows only: the service verifies it. */
function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

async function issuer() {
  const oauth = await moduleOf(() => import("./oauth.js"));
  const url = new URL(settings.issuer);
  const options = { algorithm: "oidc", [oauth.allowInsecureRequests]: url.protocol === "http:" };
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options));
  return { oauth, server, client: { client_id: settings.client_id }, options };
}

const forever = () => new Promise(() => {});
let leaving = false;
/** Whoever comes back to a page that was left by signing out finds it without what it had shown. */
addEventListener("pageshow", (event) => event.persisted && leaving && location.reload());

/** Leaves for the issuer; what is typed and the page's address are there again afterwards. Never returns. */
export async function signIn() {
  if (settings.auth_mode !== "jwt") return;
  if (leaving) await forever(); // a request that was under way when its session was ended
  const { oauth, server } = await issuer();
  const pending = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), hash: location.hash };
  keep();
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  sessionStorage.removeItem(SESSION);
  const url = new URL(server.authorization_endpoint);
  const asked = {
    client_id: settings.client_id,
    redirect_uri: here(),
    response_type: "code",
    state: pending.state,
    audience: settings.audience,
    scope: settings.scopes,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  location.assign(url);
  await forever();
}

/** Back from the issuer: takes the code for a token. Throws when the issuer refused. */
export async function complete() {
  const pending = read(PENDING);
  const query = new URLSearchParams(location.search);
  if (settings.auth_mode !== "jwt" || !(query.has("code") || query.has("error"))) return;
  const url = new URL(location.href);
  history.replaceState(null, "", location.pathname + (pending?.hash ?? ""));
  sessionStorage.removeItem(PENDING);
  if (!pending) return;
  const { oauth, server, client, options } = await issuer();
  const parameters = oauth.validateAuthResponse(server, client, url, pending.state);
  const answer = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, here(), pending.verifier, options);
  const granted = await oauth.processAuthorizationCodeResponse(server, client, answer);
  const named = (granted.scope ?? settings.scopes).split(" ");
  const scopes = ["billing:read", "billing:write", "billing:charge"].filter((scope) => named.includes(settings.scope_prefix + scope));
  const who = granted.id_token ? oauth.getValidatedIdTokenClaims(granted) : {};
  sessionStorage.setItem(
    SESSION,
    JSON.stringify({
      token: granted.access_token,
      began: now(),
      expires: now() + (granted.expires_in ?? 3600),
      scopes,
      allowed: allowed(granted.access_token, scopes),
      name: who.name ?? who.preferred_username ?? who.email ?? who.sub ?? "",
    }),
  );
}

/** Forgets the session here, and ends it at the issuer if that has a page for it. */
export async function signOut() {
  leaving = true;
  sessionStorage.clear();
  const { server } = await issuer().catch(() => ({ server: {} }));
  if (!server.end_session_endpoint) return location.reload();
  const url = new URL(server.end_session_endpoint);
  url.searchParams.set("client_id", settings.client_id);
  for (const name of ["post_logout_redirect_uri", "logout_uri"]) url.searchParams.set(name, here()); // the second is Cognito's
  return location.assign(url);
}
