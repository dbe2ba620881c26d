import {
  ECRClient,
  DescribeRepositoriesCommand,
  DescribeImagesCommand,
  BatchGetImageCommand,
  GetDownloadUrlForLayerCommand,
  GetAuthorizationTokenCommand,
  PutImageCommand,
  type ECRClientConfig,
} from '@aws-sdk/client-ecr';
import { withCheckedAnswers } from '../answers.ts';
import type { EcrReads, EcrWrites } from '../calls.ts';

/** Only these calls are bundled, and only a run that makes one of them loads them. */
export function connect(config: ECRClientConfig): EcrReads & EcrWrites {
  const client = withCheckedAnswers(new ECRClient(config));
  return {
    describeRepositories: (input) => client.send(new DescribeRepositoriesCommand(input)),
    describeImages: (input) => client.send(new DescribeImagesCommand(input)),
    batchGetImage: (input) => client.send(new BatchGetImageCommand(input)),
    getDownloadUrlForLayer: (input) => client.send(new GetDownloadUrlForLayerCommand(input)),
    getAuthorizationToken: (input) => client.send(new GetAuthorizationTokenCommand(input)),
    putImage: (input) => client.send(new PutImageCommand(input)),
  };
}
