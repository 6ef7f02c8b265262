// Held to the types by `npm run check`: it compiles only while the document says what it says.
import { danceapp, type Schemas } from "./client";

export async function mostUsed(baseUrl: string, token: string): Promise<Schemas["IndexedMove"][]> {
  const { data, error } = await danceapp(baseUrl, token).GET("/v1/moves", { params: { query: { limit: 10 } } });
  if (error) throw new Error(`${error.error.code}: ${error.error.message}`);
  return data.items;
}

export async function correct(baseUrl: string, token: string, video: string, move: string): Promise<string> {
  const { data, error } = await danceapp(baseUrl, token).POST("/v1/annotations", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { video_id: video, start_ms: 0, end_ms: 1950, move_id: move },
  });
  if (error) throw new Error(error.error.message);
  return data.annotation_id;
}
