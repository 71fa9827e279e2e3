// What stands in place of the console as long as nobody may use it.

import { signIn } from "./auth.js";
import { html, useState } from "./preact.js";
import { Button } from "./ui.js";

export function SignIn({ refused }) {
  const [error, setError] = useState(refused);
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    await signIn().catch((problem) => {
      setError(problem);
      setBusy(false);
    });
  };
  return html`
    <main class="entry">
      <h1>Packages billing</h1>
      <p class="lead">Packages, customers, runs and ledgers of this deployment.</p>
      ${error && html`<div class="banner bad" role="alert"><p>The issuer did not sign you in: ${error.error_description ?? error.message}</p></div>`}
      <${Button} look="primary" busy=${busy} busyLabel="Going to the issuer…" onClick=${go}>Sign in<//>
    </main>`;
}

export const OnlySigned = () => html`
  <main class="entry">
    <h1>Packages billing</h1>
    <p>This deployment takes signed requests only (<code>AUTH_MODE=iam</code>): tools with AWS credentials call it, and a browser has none to sign with.</p>
    <p>To use the console, deploy with <code>AUTH_MODE=jwt</code> and the OIDC issuer at which your people sign in; docs/access.md says how.</p>
  </main>`;
