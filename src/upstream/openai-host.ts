/** OpenAI with its regions, Azure, and this machine, where a test has something that stands in for them. */
const HOSTS =
  /^(?:(?:[a-z]+\.)?api\.openai\.com|[\w-]+\.(?:openai|cognitiveservices|services\.ai)\.azure\.com|localhost|127\.0\.0\.1|\[::1\])$/;

/** Whether it is OpenAI itself, or one of its regions. */
export const isOpenAI = ({ hostname }: URL): boolean =>
  /^(?:[a-z]+\.)?api\.openai\.com$/.test(hostname);

/** Whether OpenAI's own models answer there, to what was sent and nothing more. */
export const servesOpenAI = ({ hostname }: URL): boolean => HOSTS.test(hostname);
