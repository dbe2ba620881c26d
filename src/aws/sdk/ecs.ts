import {
  DescribeServicesCommand,
  ListServicesCommand,
  ListClustersCommand,
  ListServiceDeploymentsCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  ListTasksCommand,
  DescribeTasksCommand,
  DescribeContainerInstancesCommand,
  TagResourceCommand,
  UpdateServiceCommand,
  StopServiceDeploymentCommand,
  ContinueServiceDeploymentCommand,
  DeregisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  type ECSClient,
} from '@aws-sdk/client-ecs';
import { datesOf } from '../answers.ts';
import type { EcsReads, EcsWrites } from '../calls.ts';

export function reading(client: ECSClient): EcsReads {
  const dateOf = datesOf(client);
  return {
    describeServices: (input) => client.send(new DescribeServicesCommand(input)),
    listServices: (input) => client.send(new ListServicesCommand(input)),
    listClusters: (input) => client.send(new ListClustersCommand(input)),
    listServiceDeployments: (input) => client.send(new ListServiceDeploymentsCommand(input)),
    describeServiceDeployments: async (input) => {
      const answer = await client.send(new DescribeServiceDeploymentsCommand(input));
      return { ...answer, date: dateOf(answer) };
    },
    describeServiceRevisions: (input) => client.send(new DescribeServiceRevisionsCommand(input)),
    listTasks: (input) => client.send(new ListTasksCommand(input)),
    describeTasks: (input) => client.send(new DescribeTasksCommand(input)),
    describeContainerInstances: (input) => client.send(new DescribeContainerInstancesCommand(input)),
  };
}

export function writing(client: ECSClient): EcsWrites {
  return {
    updateService: (input) => client.send(new UpdateServiceCommand(input)),
    continueServiceDeployment: (input) => client.send(new ContinueServiceDeploymentCommand(input)),
    stopServiceDeployment: (input) => client.send(new StopServiceDeploymentCommand(input)),
    deregisterTaskDefinition: (input) => client.send(new DeregisterTaskDefinitionCommand(input)),
    tagResource: (input) => client.send(new TagResourceCommand(input)),
    runTask: (input) => client.send(new RunTaskCommand(input)),
    stopTask: (input) => client.send(new StopTaskCommand(input)),
  };
}
