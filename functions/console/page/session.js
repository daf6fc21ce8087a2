// The signed-in user. Tokens are kept in memory alone: a reload asks for the password again.

import settings from "./settings.js";
import { GoTrueClient } from "./vendor/auth.js";

const client = new GoTrueClient({
  url: `${settings.supabaseUrl}/auth/v1`,
  headers: { apikey: settings.publishableKey },
  persistSession: false,
  autoRefreshToken: true,
  detectSessionInUrl: false,
});

/** @typedef {{ id: string, email: string }} User */

/** Raised where the project does not answer. */
export class Unreachable extends Error {}

/**
 * @param {{ data: any, error: any }} result
 * @returns {User}
 */
function userOf({ data, error }) {
  if (error) {
    if (error.name === "AuthRetryableFetchError") {
      throw new Unreachable("The project does not answer. Try again in a moment.");
    }
    throw new Error(messages[error.code] ?? "The sign-in failed. Try again.");
  }
  return { id: data.user.id, email: data.user.email };
}

const messages = {
  invalid_credentials: "The address or the password is wrong.",
  otp_expired: "The code is wrong or has expired. Request another one.",
  user_banned: "This account is locked. Ask an administrator.",
  over_email_send_rate_limit: "A code was sent a moment ago. Wait a minute.",
};

/** @param {string} email @param {string} password */
export async function signIn(email, password) {
  return userOf(await client.signInWithPassword({ email, password }));
}

/** Sends an e-mail with a code and a link, if the address has an account. @param {string} email */
export async function sendCode(email) {
  const { error } = await client.signInWithOtp({ email, options: { shouldCreateUser: false } });
  if (error) userOf({ data: null, error });
}

/** @param {string} email @param {string} code */
export async function signInWithCode(email, code) {
  return userOf(await client.verifyOtp({ email, token: code, type: "email" }));
}

/** @param {string} tokenHash - of the link in the e-mail */
export async function signInWithLink(tokenHash) {
  return userOf(await client.verifyOtp({ token_hash: tokenHash, type: "email" }));
}

/** Forgets the tokens here, and the session at the project if it can be reached. */
export async function signOut() {
  await client.signOut({ scope: "local" });
}

/** @returns {Promise<string | undefined>} the access token, renewed if it is about to expire */
export async function accessToken() {
  const { data } = await client.getSession();
  return data.session?.access_token;
}

/**
 * Renews a token that was rejected.
 * @returns {Promise<boolean>} whether the session goes on
 */
export async function renew() {
  const { error } = await client.refreshSession();
  if (error?.name === "AuthRetryableFetchError") throw new Unreachable();
  return !error;
}
