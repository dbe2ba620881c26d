import { IAMClient, GetRoleCommand, type IAMClientConfig } from '@aws-sdk/client-iam';
import { withCheckedAnswers } from '../answers.ts';
import type { RoleReads } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: IAMClientConfig): RoleReads {
  const client = withCheckedAnswers(new IAMClient(config));
  return {
    getRole: (input) => client.send(new GetRoleCommand(input)),
  };
}
