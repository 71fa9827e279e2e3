// One sentence about what just happened, seen for some seconds and read out by screen readers.

import { html, useEffect, useState } from "./preact.js";

const SECONDS = 6;
const listeners = new Set();

/** @param {string} text a whole sentence */
export function announce(text) {
  for (const listen of listeners) listen({ text, at: Date.now() });
}

export function Toasts() {
  const [toast, setToast] = useState(null);
  useEffect(() => {
    listeners.add(setToast);
    return () => listeners.delete(setToast);
  }, []);
  useEffect(() => {
    const timer = toast ? setTimeout(() => setToast(null), SECONDS * 1000) : undefined;
    return () => clearTimeout(timer);
  }, [toast]);
  return html`<div class="toasts" role="status">${toast && html`<p class="toast" key=${toast.at}>${toast.text}</p>`}</div>`;
}
