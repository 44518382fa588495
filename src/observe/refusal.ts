/** What a proxy answers that cannot do what it is asked. */
export function refusal(status: 400 | 502, sentence: string): string {
  const text = `trunkline observe: ${sentence}\n`;
  const reason = status === 400 ? "Bad Request" : "Bad Gateway";
  return `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
}
