// Who is signed in, and what they may do.

/** What the deployment told: filled once, before anything is shown. */
export const settings = {};

export const authorization = () => ({});
export const signIn = async () => {};
/** Why an action isn't allowed: an empty string when it is. */
export const refusal = () => "";
