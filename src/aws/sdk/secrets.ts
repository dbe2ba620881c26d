import {
  SecretsManagerClient,
  DescribeSecretCommand,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { withCheckedAnswers } from '../answers.ts';
import type { SecretReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: SecretsManagerClientConfig): SecretReads {
  const client = withCheckedAnswers(new SecretsManagerClient(config));
  return {
    describeSecret: (input) => client.send(new DescribeSecretCommand(input)),
  };
}
