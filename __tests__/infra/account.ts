/** What an account has before a stack: made by AWS's own calls, since Terraform waits half a minute for a zone alone. */
import { ECR } from '@aws-sdk/client-ecr';
import type { EncryptionType } from '@aws-sdk/client-ecr';
import { IAM } from '@aws-sdk/client-iam';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { Moto } from './moto.ts';

/** What a client of moto is made of. */
function clientOf(moto: Moto): {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
} {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint: moto.url, region: 'us-east-1', credentials };
}

/** What the stack of the account gives every environment. */
export async function makeAccount(moto: Moto, repositoryName = 'backend'): Promise<void> {
  await makeRepository(moto, repositoryName);
  await makeIdentityProvider(moto);
}

export async function makeRepository(
  moto: Moto,
  repositoryName: string,
  encryptionType: EncryptionType = 'AES256',
): Promise<void> {
  await new ECR(clientOf(moto)).createRepository({
    repositoryName,
    imageTagMutability: 'IMMUTABLE',
    encryptionConfiguration: { encryptionType },
  });
}

export async function makeIdentityProvider(moto: Moto): Promise<void> {
  await new IAM(clientOf(moto)).createOpenIDConnectProvider({
    Url: 'https://token.actions.githubusercontent.com',
    ClientIDList: ['sts.amazonaws.com'],
  });
}

/** Answers the ARN of a secret. */
export async function makeSecret(moto: Moto, name: string): Promise<string> {
  const { ARN } = await new SecretsManager(clientOf(moto)).createSecret({ Name: name, SecretString: 'x' });
  if (ARN === undefined) throw new Error(`The secret ${name} has no ARN.`);
  return ARN;
}

export async function makeBucket(moto: Moto, name: string): Promise<void> {
  await ask(`${moto.url}/${name}`, { method: 'PUT' }, 's3');
}

/** Answers the id of a zone of Route 53. */
export async function makeZone(moto: Moto, name: string): Promise<string> {
  const zone = `<CreateHostedZoneRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Name>${name}</Name><CallerReference>${name}</CallerReference></CreateHostedZoneRequest>`;
  const answer = await ask(`${moto.url}/2013-04-01/hostedzone`, { method: 'POST', body: zone }, 'route53');
  const [, id] = /<Id>\/hostedzone\/(\w+)<\/Id>/.exec(answer) ?? [];
  if (id === undefined) throw new Error(`The zone ${name} has no id: ${answer}`);
  return id;
}

async function ask(url: string, request: RequestInit, service: string): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const answer = await fetch(url, { ...request, headers: { authorization } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} answered ${answer.status}: ${text.slice(0, 300)}`);
  return text;
}
