/** What Terraform's own calls ask of IAM, from the debug log of its AWS provider. */
import { readFileSync } from 'node:fs';

/** What makes the provider write its calls down. */
export function logging(file: string): Record<string, string> {
  return { TF_LOG_PROVIDER: 'DEBUG', TF_LOG_PATH: file };
}

/** Names under which requests are signed that are not the prefix of their IAM actions. */
const PREFIXES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Operations of S3 whose IAM action has another name (Service Authorization Reference, Amazon S3). */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteObjects: 'DeleteObject',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketCors: 'GetBucketCORS',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetBucketReplication: 'GetReplicationConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  HeadBucket: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListObjectsV2: 'ListBucket',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
};

/** IAM actions of the calls in a log, once each, sorted. An entry goes on over lines, with its fields in any order. */
export function actionsIn(file: string): string[] {
  const calls = readFileSync(file, 'utf8')
    .split(/^(?=\d{4}-\d\d-\d\dT[\d:.]+Z )/m)
    .filter((entry) => /^.*HTTP Request Sent/.test(entry))
    .flatMap((entry) => {
      const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(entry)?.[1];
      const method = /rpc\.method=(\w+)/.exec(entry)?.[1];
      return service === undefined || method === undefined ? [] : [actionOf(service, method)];
    });
  return [...new Set(calls)].sort();
}

function actionOf(service: string, method: string): string {
  const name = service === 's3' ? (S3_ACTIONS[method] ?? method) : method;
  return `${PREFIXES[service] ?? service}:${name}`;
}
