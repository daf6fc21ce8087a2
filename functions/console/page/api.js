// Requests to the project and to the function that serves this page, as the signed-in user.

import { Unreachable, accessToken, renew } from "./session.js";
import settings from "./settings.js";

/**
 * Why a request failed.
 * - `unreachable`: no connection, or the other side is busy; the same request may succeed later
 * - `expired`: the session has ended; it may succeed after the next sign-in
 * - `forbidden`: the account does not have the role
 * - `refused`: it will not succeed; the message says why
 * @typedef {"unreachable" | "expired" | "forbidden" | "refused"} Reason
 */

export class RequestFailed extends Error {
  /**
   * @param {Reason} reason
   * @param {string} message
   * @param {boolean} isAnswered - the other side is reached: it may take other requests
   */
  constructor(reason, message, isAnswered = false) {
    super(message);
    this.reason = reason;
    this.isAnswered = isAnswered;
  }
}

const TIMEOUT_MS = 20_000;

/**
 * @param {string | URL} url
 * @param {{ method?: string, body?: object }} request
 * @returns {Promise<any>}
 */
async function send(url, request, isRepeated = false) {
  const token = await accessToken();
  if (!token) throw new RequestFailed("expired", "The session has ended.");
  const response = await attempt(url, token, request);
  if (response.status === 401) {
    if (isRepeated || !(await renewed())) {
      throw new RequestFailed("expired", "The session has ended.");
    }
    return send(url, request, true);
  }
  const content = await response.json().catch(() => undefined);
  if (!response.ok) throw failure(response.status, content);
  if (content === undefined) throw new RequestFailed("unreachable", "The response is incomplete.", true);
  return content;
}

async function attempt(url, token, { method = "POST", body }) {
  const headers = {
    apikey: settings.publishableKey,
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  };
  try {
    return await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      cache: "no-store",
    });
  } catch {
    throw new RequestFailed("unreachable", "No connection.");
  }
}

async function renewed() {
  try {
    return await renew();
  } catch (error) {
    if (error instanceof Unreachable) throw new RequestFailed("unreachable", "No connection.");
    throw error;
  }
}

function failure(status, content) {
  const message = content?.error?.message ?? content?.message ?? `The request failed (${status}).`;
  if (status === 403) return new RequestFailed("forbidden", message);
  if (status >= 500 || status === 429) return new RequestFailed("unreachable", message, true);
  return new RequestFailed("refused", message);
}

/** Calls a function of the database. @param {string} name @param {object} [body] */
export function call(name, body = {}) {
  return send(`${settings.supabaseUrl}/rest/v1/rpc/${name}`, { body });
}

/** @returns {Promise<{ intent: string, domain: string, description: string }[]>} */
export function readCatalogue() {
  const columns = "select=intent,domain,description&order=domain,intent";
  const active = "or=(retired_at.is.null,retired_at.gt.now)";
  return send(`${settings.supabaseUrl}/rest/v1/intent_catalogue?${columns}&${active}`, {
    method: "GET",
  });
}

/** Sends a decision to this page's own function, which redacts the notes. @param {object} body */
export function sendReview(body) {
  return send(new URL("v1/reviews", document.baseURI), { body });
}

/**
 * @param {string} path - such as `rollback`
 * @param {{ reason: string, force?: boolean, share?: number }} body - `force`: promote without a
 *   supporting verdict; `share`: of the users whom a challenger answers
 */
export function decideOnModel(path, body) {
  return send(new URL(`v1/models/${path}`, document.baseURI), { body });
}

/** Reads the latest split, with what its outcomes say. @returns {Promise<{ split: any }>} */
export function readSplit() {
  return send(new URL("v1/models/split", document.baseURI), { method: "GET" });
}

/** Whether models are decided about here. */
export const hasModels = settings.hasModels;
