import {
  BatchGetDeploymentsCommand,
  BatchGetDeploymentTargetsCommand,
  CodeDeployClient,
  ContinueDeploymentCommand,
  CreateDeploymentCommand,
  GetApplicationRevisionCommand,
  GetDeploymentCommand,
  GetDeploymentConfigCommand,
  GetDeploymentGroupCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
  type CodeDeployClientConfig,
} from '@aws-sdk/client-codedeploy';
import { withCheckedAnswers } from '../answers.ts';
import type { CodeDeployReads, CodeDeployWrites } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: CodeDeployClientConfig): CodeDeployReads {
  const client = withCheckedAnswers(new CodeDeployClient(config));
  return {
    getDeploymentGroup: (input) => client.send(new GetDeploymentGroupCommand(input)),
    getDeploymentConfig: (input) => client.send(new GetDeploymentConfigCommand(input)),
    getDeployment: (input) => client.send(new GetDeploymentCommand(input)),
    batchGetDeployments: (input) => client.send(new BatchGetDeploymentsCommand(input)),
    getApplicationRevision: (input) => client.send(new GetApplicationRevisionCommand(input)),
    listDeployments: (input) => client.send(new ListDeploymentsCommand(input)),
    batchGetDeploymentTargets: (input) => client.send(new BatchGetDeploymentTargetsCommand(input)),
  };
}

/** `config`: without retries of the SDK. */
export function connectWriter(config: CodeDeployClientConfig): CodeDeployWrites {
  const client = withCheckedAnswers(new CodeDeployClient(config));
  return {
    createDeployment: (input) => client.send(new CreateDeploymentCommand(input)),
    continueDeployment: (input) => client.send(new ContinueDeploymentCommand(input)),
    stopDeployment: (input) => client.send(new StopDeploymentCommand(input)),
  };
}
