// Receive outcomes over a webhook, with Node and nothing else: verify, de-duplicate, keep the newest revision of each
// call. (npm's `standardwebhooks` verifies just as well.)
//
// LEGWORK_SECRET=whsec_... node node_receiver.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const MOST_BYTES = 1024 * 1024;
const TOLERANCE_SECONDS = 5 * 60;
const OF_A_CALL = new Set(["legwork.call.ended", "legwork.call.outcome"]);

const key = Buffer.from(process.env.LEGWORK_SECRET.replace(/^whsec_/, ""), "base64");

// In your own receiver these two are tables of its database, changed in one transaction.
const seen = new Set();
const calls = new Map();

function isVerified(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  if (!id || !timestamp || !signatures) return false;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((one) => {
    const [version, signature] = one.split(",");
    const given = Buffer.from(signature ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function keep(id, event) {
  if (seen.has(id)) return;
  seen.add(id);
  const { subject, data } = event;
  if (data.revision <= (calls.get(subject)?.data.revision ?? -1)) return;
  calls.set(subject, event);
  console.log(`kept ${subject} revision ${data.revision}`);
}

async function read(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MOST_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function answer(request) {
  if (request.method !== "POST" || request.url !== "/hook") return 404;
  const body = await read(request);
  if (body === null) return 413;
  if (!isVerified(request.headers, body)) return 401; // the signature is about these bytes: verify before reading them
  const event = JSON.parse(body.toString("utf8"));
  if (OF_A_CALL.has(event.type)) keep(request.headers["webhook-id"], event);
  return 204; // also for a test, and for types that do not exist yet
}

createServer((request, response) => {
  answer(request).then(
    (status) => response.writeHead(status, status === 413 ? { Connection: "close" } : {}).end(),
    () => response.writeHead(500).end(), // it is sent again
  );
}).listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () => console.log("listening"));
