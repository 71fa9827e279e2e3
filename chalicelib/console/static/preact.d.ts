// The types of preact.js. State and references that begin as null may become anything.

import type { VNode } from "preact";

export { createContext, render } from "preact";
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo } from "preact/hooks";
export function useState(initial: null): [any, (next: any) => void];
export function useState<T>(initial: T | (() => T)): [T, (next: T | ((before: T) => T)) => void];
export function useRef(initial: null): { current: any };
export function useRef<T>(initial: T): { current: T };
export function html(strings: TemplateStringsArray, ...values: any[]): VNode<any>;
