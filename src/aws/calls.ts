/** The calls of AWS that the action makes, and no others: what a module needs of a client it takes as one of these. */
import type * as scaling from '@aws-sdk/client-application-auto-scaling';
import type * as cloudwatch from '@aws-sdk/client-cloudwatch';
import type * as logs from '@aws-sdk/client-cloudwatch-logs';
import type * as codedeploy from '@aws-sdk/client-codedeploy';
import type * as ecr from '@aws-sdk/client-ecr';
import type * as ecs from '@aws-sdk/client-ecs';
import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as iam from '@aws-sdk/client-iam';
import type * as secrets from '@aws-sdk/client-secrets-manager';
import type * as ssm from '@aws-sdk/client-ssm';

type Call<Input, Output> = (input: Input) => Promise<Output>;

/** The ECS calls that this action makes that change nothing. */
export interface EcsReads {
  describeServices: Call<ecs.DescribeServicesCommandInput, ecs.DescribeServicesCommandOutput>;
  listServices: Call<ecs.ListServicesCommandInput, ecs.ListServicesCommandOutput>;
  listClusters: Call<ecs.ListClustersCommandInput, ecs.ListClustersCommandOutput>;
  listServiceDeployments: Call<
    ecs.ListServiceDeploymentsCommandInput,
    ecs.ListServiceDeploymentsCommandOutput
  >;
  /** `date`: when AWS answered, by its own clock; undefined where the answer does not say. */
  describeServiceDeployments: Call<
    ecs.DescribeServiceDeploymentsCommandInput,
    ecs.DescribeServiceDeploymentsCommandOutput & { readonly date?: Date | undefined }
  >;
  describeServiceRevisions: Call<
    ecs.DescribeServiceRevisionsCommandInput,
    ecs.DescribeServiceRevisionsCommandOutput
  >;
  listTasks: Call<ecs.ListTasksCommandInput, ecs.ListTasksCommandOutput>;
  describeTasks: Call<ecs.DescribeTasksCommandInput, ecs.DescribeTasksCommandOutput>;
  describeContainerInstances: Call<
    ecs.DescribeContainerInstancesCommandInput,
    ecs.DescribeContainerInstancesCommandOutput
  >;
}

/** The ECS calls that change something. The SDK never repeats them: see writes.ts. */
export interface EcsWrites {
  updateService: Call<ecs.UpdateServiceCommandInput, ecs.UpdateServiceCommandOutput>;
  stopServiceDeployment: Call<ecs.StopServiceDeploymentCommandInput, ecs.StopServiceDeploymentCommandOutput>;
  continueServiceDeployment: Call<
    ecs.ContinueServiceDeploymentCommandInput,
    ecs.ContinueServiceDeploymentCommandOutput
  >;
  deregisterTaskDefinition: Call<
    ecs.DeregisterTaskDefinitionCommandInput,
    ecs.DeregisterTaskDefinitionCommandOutput
  >;
  tagResource: Call<ecs.TagResourceCommandInput, ecs.TagResourceCommandOutput>;
  runTask: Call<ecs.RunTaskCommandInput, ecs.RunTaskCommandOutput>;
  stopTask: Call<ecs.StopTaskCommandInput, ecs.StopTaskCommandOutput>;
}

export interface EcrReads {
  describeRepositories: Call<ecr.DescribeRepositoriesCommandInput, ecr.DescribeRepositoriesCommandOutput>;
  describeImages: Call<ecr.DescribeImagesCommandInput, ecr.DescribeImagesCommandOutput>;
  batchGetImage: Call<ecr.BatchGetImageCommandInput, ecr.BatchGetImageCommandOutput>;
  getDownloadUrlForLayer: Call<
    ecr.GetDownloadUrlForLayerCommandInput,
    ecr.GetDownloadUrlForLayerCommandOutput
  >;
  getAuthorizationToken: Call<ecr.GetAuthorizationTokenCommandInput, ecr.GetAuthorizationTokenCommandOutput>;
}

/** Gives an image of a repository another tag. The same call again changes nothing. */
export interface EcrWrites {
  putImage: Call<ecr.PutImageCommandInput, ecr.PutImageCommandOutput>;
}

export interface LoadBalancerReads {
  describeTargetGroups: Call<elb.DescribeTargetGroupsCommandInput, elb.DescribeTargetGroupsCommandOutput>;
  describeTargetHealth: Call<elb.DescribeTargetHealthCommandInput, elb.DescribeTargetHealthCommandOutput>;
  describeLoadBalancers: Call<elb.DescribeLoadBalancersCommandInput, elb.DescribeLoadBalancersCommandOutput>;
  describeListeners: Call<elb.DescribeListenersCommandInput, elb.DescribeListenersCommandOutput>;
}

export interface LogReads {
  getLogEvents: Call<logs.GetLogEventsCommandInput, logs.GetLogEventsCommandOutput>;
  describeLogGroups: Call<logs.DescribeLogGroupsCommandInput, logs.DescribeLogGroupsCommandOutput>;
}

export interface AlarmReads {
  describeAlarms: Call<cloudwatch.DescribeAlarmsCommandInput, cloudwatch.DescribeAlarmsCommandOutput>;
}

export interface MetricReads {
  /** `date`: when AWS answered, by its own clock; undefined where the answer does not say. */
  getMetricData: Call<
    cloudwatch.GetMetricDataCommandInput,
    cloudwatch.GetMetricDataCommandOutput & { readonly date: Date | undefined }
  >;
}

export interface RoleReads {
  getRole: Call<iam.GetRoleCommandInput, iam.GetRoleCommandOutput>;
}

/** Whether a secret exists; its value is never read. */
export interface SecretReads {
  describeSecret: Call<secrets.DescribeSecretCommandInput, secrets.DescribeSecretCommandOutput>;
}

/** Whether a parameter exists; its value is never read. */
export interface ParameterReads {
  describeParameters: Call<ssm.DescribeParametersCommandInput, ssm.DescribeParametersCommandOutput>;
}

export interface ScalingReads {
  describeScalableTargets: Call<
    scaling.DescribeScalableTargetsCommandInput,
    scaling.DescribeScalableTargetsCommandOutput
  >;
}

/** The CodeDeploy calls that change nothing. */
export interface CodeDeployReads {
  getDeploymentGroup: Call<
    codedeploy.GetDeploymentGroupCommandInput,
    codedeploy.GetDeploymentGroupCommandOutput
  >;
  getDeploymentConfig: Call<
    codedeploy.GetDeploymentConfigCommandInput,
    codedeploy.GetDeploymentConfigCommandOutput
  >;
  getDeployment: Call<codedeploy.GetDeploymentCommandInput, codedeploy.GetDeploymentCommandOutput>;
  batchGetDeployments: Call<
    codedeploy.BatchGetDeploymentsCommandInput,
    codedeploy.BatchGetDeploymentsCommandOutput
  >;
  getApplicationRevision: Call<
    codedeploy.GetApplicationRevisionCommandInput,
    codedeploy.GetApplicationRevisionCommandOutput
  >;
  listDeployments: Call<codedeploy.ListDeploymentsCommandInput, codedeploy.ListDeploymentsCommandOutput>;
  batchGetDeploymentTargets: Call<
    codedeploy.BatchGetDeploymentTargetsCommandInput,
    codedeploy.BatchGetDeploymentTargetsCommandOutput
  >;
}

/** The CodeDeploy calls that change something. The SDK never repeats them: see writes.ts. */
export interface CodeDeployWrites {
  createDeployment: Call<codedeploy.CreateDeploymentCommandInput, codedeploy.CreateDeploymentCommandOutput>;
  continueDeployment: Call<
    codedeploy.ContinueDeploymentCommandInput,
    codedeploy.ContinueDeploymentCommandOutput
  >;
  stopDeployment: Call<codedeploy.StopDeploymentCommandInput, codedeploy.StopDeploymentCommandOutput>;
}
