/**
 * Reads a secret once, with a client that you have. Pass it to `cachedSecret`. It throws the errors of
 * the client, or an error that names the place where the secret is missing.
 */
export type LoadSecret = () => Promise<string>;

/**
 * Reads a secret of AWS Secrets Manager. `field` picks one field of a JSON secret.
 * (@aws-sdk/client-secrets-manager 3.1162, 2026-11.)
 *
 * @example
 * ```ts
 * const load = awsSecret(() => aws.read('openai'), { field: 'key' });
 * // aws.read is client.send(new GetSecretValueCommand({ SecretId }))
 * ```
 */
export function awsSecret(
  send: () => Promise<{ readonly SecretString?: string | undefined }>,
  { field }: { readonly field?: string } = {},
): LoadSecret {
  return async () => {
    const text = present((await send()).SecretString, 'AWS: no SecretString');
    if (field === undefined) return text;
    return present(parse(text)?.[field], `AWS: no field "${field}" in the secret`);
  };
}

interface GoogleClient {
  accessSecretVersion(request: {
    name: string;
  }): Promise<readonly [{ payload?: { data?: Uint8Array | string | null } | null }, ...unknown[]]>;
}

/**
 * Reads a version of a secret of Google Secret Manager, with a `SecretManagerServiceClient`.
 * (@google-cloud/secret-manager 7.2, 2026-11.)
 *
 * @example
 * ```ts
 * const load = googleSecret(google, 'projects/my-app/secrets/openai/versions/latest');
 * ```
 */
export function googleSecret(client: GoogleClient, name: string): LoadSecret {
  return async () => {
    const [version] = await client.accessSecretVersion({ name });
    const { data } = version.payload ?? {};
    const text = data instanceof Uint8Array ? Buffer.from(data).toString('utf8') : data;
    return present(text, `Google: no payload in "${name}"`);
  };
}

interface AzureClient {
  getSecret(name: string): Promise<{ readonly value?: string | undefined }>;
}

/**
 * Reads a secret of Azure Key Vault, with a `SecretClient`. (@azure/keyvault-secrets 4.12, 2026-11.)
 *
 * @example
 * ```ts
 * const load = azureSecret(azure, 'openai');
 * ```
 */
export function azureSecret(client: AzureClient, name: string): LoadSecret {
  return async () => present((await client.getSecret(name)).value, `Azure: no value in "${name}"`);
}

interface VaultClient {
  read(path: string): Promise<unknown>;
}

/**
 * Reads a field of HashiCorp Vault, of the KV engine version 2 (`secret/data/openai`) or 1. (node-vault
 * 0.12, 2026-11.)
 *
 * @example
 * ```ts
 * const load = vaultSecret(vault, 'secret/data/openai', 'key');
 * ```
 */
export function vaultSecret(client: VaultClient, path: string, field: string): LoadSecret {
  return async () => {
    const data = objectOf(objectOf(await client.read(path))?.['data']);
    const secret = objectOf(data?.['data']) ?? data;
    return present(secret?.[field], `Vault: no field "${field}" at "${path}"`);
  };
}

interface DopplerClient {
  readonly secrets: {
    get(
      project: string,
      config: string,
      name: string,
    ): Promise<{ value?: { computed?: string | null | undefined } | undefined }>;
  };
}

/**
 * Reads a secret of Doppler. (@dopplerhq/node-sdk 1.3, 2026-11.)
 *
 * @example
 * ```ts
 * const load = dopplerSecret(doppler, { project: 'my-app', config: 'prd', name: 'OPENAI_API_KEY' });
 * ```
 */
export function dopplerSecret(
  client: DopplerClient,
  where: { readonly project: string; readonly config: string; readonly name: string },
): LoadSecret {
  const { project, config, name } = where;
  return async () => {
    const { value } = await client.secrets.get(project, config, name);
    return present(value?.computed, `Doppler: no value of "${name}" in "${project}/${config}"`);
  };
}

interface OnePasswordClient {
  readonly secrets: { resolve(reference: string): Promise<string> };
}

/**
 * Reads a field of 1Password, by its reference `op://vault/item/field`. (@1password/sdk 0.5, 2026-11.)
 *
 * @example
 * ```ts
 * const load = onePasswordSecret(onePassword, 'op://backend/openai/key');
 * ```
 */
export function onePasswordSecret(client: OnePasswordClient, reference: string): LoadSecret {
  return async () =>
    present(await client.secrets.resolve(reference), `1Password: nothing at "${reference}"`);
}

function present(value: unknown, message: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(message);
}

type SecretJson = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): SecretJson | undefined =>
  typeof value === 'object' && value !== null ? (value as SecretJson) : undefined;

/** Returns `undefined` for invalid JSON. An error could quote the text, which is the secret. */
function parse(text: string): SecretJson | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
