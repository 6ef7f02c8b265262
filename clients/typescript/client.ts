// The service, typed by its OpenAPI document: `danceapp("https://...", key).GET("/v1/moves")`.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** `token`: an API key or an access token. Failures come as `error`, in the one shape of all of them. */
export const danceapp = (baseUrl: string, token: string) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
