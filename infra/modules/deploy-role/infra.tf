# What Terraform itself may do: to this stack, and to no other in the account.
#
# Three things tell a stack apart in IAM, and each action is bound by one of them:
#   names  of clusters, services, families, log groups, alarms, web ACLs: the prefix itself, or the prefix and "--" or
#          "/", which no prefix can hold, so that "backend-dev" never stands for "backend-dev-prod"
#   path   of roles and instance profiles: /<prefix>/
#   tag    Stack = <prefix>, where AWS chooses the id: on what is there, or on what is being made
# The text does not depend on which services the stack has, so that the role can add one; it cannot change itself.
locals {
  state_bucket = var.state_bucket == null ? "-" : var.state_bucket

  iam   = "arn:${local.partition}:iam::${local.account}"
  ecs   = "arn:${local.partition}:ecs:${var.region}:${local.account}"
  logs  = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group"
  alarm = "arn:${local.partition}:cloudwatch:${var.region}:${local.account}:alarm"
  wafv2 = "arn:${local.partition}:wafv2:${var.region}:${local.account}:regional"
  lb    = "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/app"
  # The provider ends the name with 26 characters of its own. "*" would take in the buckets of "${var.prefix}-logs-prod".
  bucket = "arn:${local.partition}:s3:::${var.prefix}-logs-${join("", [for _ in range(26) : "?"])}"

  own_cluster = ["${local.ecs}:cluster/${var.prefix}", "${local.ecs}:service/${var.prefix}/*", "${local.ecs}:capacity-provider/${var.prefix}", "${local.ecs}:capacity-provider/${var.prefix}--*"]
  own_family  = ["${local.ecs}:task-definition/${var.prefix}:*", "${local.ecs}:task-definition/${var.prefix}--*"]
  own_logs    = flatten([for group in ["/ecs/${var.prefix}", "/vpc/${var.prefix}", "aws-waf-logs-${var.prefix}"] : ["${local.logs}:${group}", "${local.logs}:${group}:*", "${local.logs}:${group}/*"]])
  own_alarms  = ["${local.alarm}:${var.prefix}-errors", "${local.alarm}:${var.prefix}-unhealthy", "${local.alarm}:${var.prefix}--*"]
  dashboard   = "arn:${local.partition}:cloudwatch::${local.account}:dashboard/${var.prefix}"
  own_acl     = ["${local.wafv2}/webacl/${var.prefix}/*", "${local.wafv2}/managedruleset/*", "${local.lb}/${var.prefix}/*"]

  # Without a path of their own, as in stacks that are older than it, only roles that are known by name are the stack's.
  own_roles = var.role_path == "/" ? [
    for name in concat(var.task_role_names, var.execution_role_names, [for end in ["deploy", "plan", "flow-logs", "instance", "-shift"] : "${var.prefix}-${end}"]) : "${local.iam}:role/${name}"
  ] : ["${local.iam}:role${var.role_path}*"]
  own_profiles = var.role_path == "/" ? ["${local.iam}:instance-profile/${var.prefix}-instance"] : ["${local.iam}:instance-profile${var.role_path}*"]
  # What decides who may do what here is changed by a person.
  guarded = [for role in ["infra", "infra-plan"] : "${local.iam}:role${var.role_path}${var.prefix}-${role}"]

  is_own      = { StringEquals = { "aws:ResourceTag/Stack" = var.prefix } }
  becomes_own = { StringEquals = { "aws:RequestTag/Stack" = var.prefix, "aws:RequestedRegion" = var.region }, Null = { "aws:ResourceTag/Stack" = "true" } }

  # As text, since a plan has to show the policies.
  boundary_arn = var.permissions_boundary_arn != null ? var.permissions_boundary_arn : "${local.iam}:policy${var.role_path}${var.prefix}-boundary"

  # Everything that terraform plan reads of the stack.
  infra_reads = [
    {
      # IAM knows no resource for these.
      Sid    = "ReadLists"
      Effect = "Allow"
      Action = concat([
        "application-autoscaling:Describe*",
        "autoscaling:Describe*",
        "ec2:DescribeAddresses*",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeLaunchTemplates",
        "ec2:DescribeNatGateways",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribePrefixLists",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroup*",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
        "ec2:DescribeVpc*",
        "ec2:GetSecurityGroupsForVpc",
        "ecs:DescribeTaskDefinition",
        "elasticloadbalancing:Describe*",
        "iam:ListOpenIDConnectProviders",
        "kms:ListAliases",
        "logs:DescribeLogGroups",
        "route53:GetChange",
        "servicediscovery:GetOperation",
        "servicediscovery:ListNamespaces",
        "sts:GetCallerIdentity",
      ], var.ec2_capacity ? ["ec2:DescribeLaunchTemplateVersions"] : [])
      Resource = "*"
    },
    {
      Sid       = "ReadOwn"
      Effect    = "Allow"
      Action    = ["acm:DescribeCertificate", "acm:ListTagsForCertificate", "application-autoscaling:ListTagsForResource", "kms:DescribeKey", "kms:GetKey*", "kms:ListResourceTags", "servicediscovery:GetNamespace", "servicediscovery:ListTagsForResource"]
      Resource  = "*"
      Condition = local.is_own
    },
    {
      Sid    = "ReadNamed"
      Effect = "Allow"
      Action = [
        "cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource",
        "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListTagsForResource",
        "ecs:DescribeCapacityProviders", "ecs:DescribeClusters", "ecs:DescribeServices", "ecs:ListTagsForResource",
        "iam:Get*", "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies",
        "logs:ListTagsForResource",
        "s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
        "wafv2:Get*", "wafv2:ListTagsForResource",
      ]
      Resource = concat(
        local.own_alarms, [local.dashboard], local.own_cluster, local.own_family, local.own_roles, local.own_profiles, local.guarded, local.own_logs, local.own_acl, [local.bucket],
        ["arn:${local.partition}:ecr:${var.region}:${local.account}:repository/*"],
        ["${local.iam}:oidc-provider/token.actions.githubusercontent.com"],
        [local.boundary_arn, "${local.iam}:policy${var.role_path}${var.prefix}-infra-reads"],
      )
    },
  ]

  infra_writes = [
    {
      # Whatever is there already and bears the tag of this stack. What belongs to another stack has another.
      Sid    = "ChangeOwn"
      Effect = "Allow"
      Action = [
        "acm:AddTagsToCertificate",
        "acm:DeleteCertificate",
        "application-autoscaling:*",
        "autoscaling:*",
        "ec2:*Address*",
        "ec2:*FlowLogs",
        "ec2:*InternetGateway",
        "ec2:*LaunchTemplate*",
        "ec2:*NatGateway",
        "ec2:*Route*",
        "ec2:*SecurityGroup*",
        "ec2:*Subnet*",
        "ec2:*Tags",
        "ec2:*Vpc*",
        "ec2:RunInstances",
        "elasticloadbalancing:*",
        "kms:CreateAlias",
        "kms:CreateGrant",
        "kms:DeleteAlias",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
        "servicediscovery:*",
      ]
      Resource  = "*"
      Condition = local.is_own
    },
    {
      # What is being made gets the tag of this stack with the same call. Nothing that has one can be taken over.
      Sid    = "MakeOwn"
      Effect = "Allow"
      Action = [
        "acm:AddTagsToCertificate",
        "acm:RequestCertificate",
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:TagResource",
        "autoscaling:CreateAutoScalingGroup",
        "ec2:AllocateAddress",
        "ec2:CreateFlowLogs",
        "ec2:CreateInternetGateway",
        "ec2:CreateLaunchTemplate",
        "ec2:CreateNatGateway",
        "ec2:CreateRouteTable",
        "ec2:CreateSecurityGroup",
        "ec2:CreateSubnet",
        "ec2:CreateVpc",
        "ec2:CreateVpcEndpoint",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateTargetGroup",
        "kms:CreateKey",
        "kms:TagResource",
        "servicediscovery:CreateHttpNamespace",
        "servicediscovery:TagResource",
      ]
      Resource  = "*"
      Condition = local.becomes_own
    },
    {
      # Tags as part of the call that makes something.
      Sid       = "TagNewNetwork"
      Effect    = "Allow"
      Action    = "ec2:CreateTags"
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestTag/Stack" = var.prefix }, StringLike = { "ec2:CreateAction" = "*" } }
    },
    {
      Sid       = "TagNewBalancing"
      Effect    = "Allow"
      Action    = "elasticloadbalancing:AddTags"
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestTag/Stack" = var.prefix }, StringLike = { "elasticloadbalancing:CreateAction" = "*" } }
    },
    {
      Sid      = "NewRulesAndInstances"
      Effect   = "Allow"
      Action   = ["ec2:AuthorizeSecurityGroup*", "ec2:RunInstances"]
      Resource = concat(["arn:${local.partition}:ec2:${var.region}::image/*"], [for type in ["instance", "network-interface", "security-group-rule", "volume"] : "arn:${local.partition}:ec2:${var.region}:${local.account}:${type}/*"])
    },
    {
      # IAM knows no resource for these. The parameters are ECS's own, public ones.
      Sid       = "Unbound"
      Effect    = "Allow"
      Action    = ["ecs:CreateCluster", "logs:*LogDelivery", "logs:DescribeResourcePolicies", "logs:ListLogDeliveries", "logs:PutResourcePolicy"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    {
      Sid    = "ChangeNamed"
      Effect = "Allow"
      Action = [
        "cloudwatch:DeleteAlarms", "cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource",
        "ecs:CreateCapacityProvider", "ecs:CreateService", "ecs:Delete*", "ecs:PutClusterCapacityProviders", "ecs:RegisterTaskDefinition", "ecs:TagResource", "ecs:UntagResource", "ecs:Update*",
        "kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias",
        "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DisassociateKmsKey", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
        "ssm:GetParameters",
        "wafv2:AssociateWebACL", "wafv2:*LoggingConfiguration", "wafv2:*WebACL", "wafv2:TagResource", "wafv2:UntagResource",
      ]
      Resource = concat(
        local.own_alarms, [local.dashboard], local.own_cluster, local.own_family, local.own_logs, local.own_acl,
        ["arn:${local.partition}:kms:${var.region}:${local.account}:alias/${var.prefix}-logs", "arn:${local.partition}:ssm:${var.region}::parameter/aws/service/ecs/*"],
      )
    },
    {
      Sid    = "WriteLogBuckets"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket",
        "s3:DeleteBucket*",
        "s3:DeleteObject*",
        "s3:ListBucketVersions",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      Resource = [local.bucket, "${local.bucket}/*"]
    },
    {
      Sid       = "WriteRoles"
      Effect    = "Allow"
      Action    = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource  = local.own_roles
      Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
    },
    {
      Sid    = "ChangeRoles"
      Effect = "Allow"
      Action = [
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:DeleteRole",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:TagRole",
        "iam:UntagInstanceProfile",
        "iam:UntagRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        "iam:UpdateRoleDescription",
      ]
      Resource = concat(local.own_roles, local.own_profiles)
    },
    {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.own_roles
      Condition = { StringEquals = { "iam:PassedToService" = ["ecs.amazonaws.com", "ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
    },
    {
      Sid      = "ServiceRoles"
      Effect   = "Allow"
      Action   = "iam:CreateServiceLinkedRole"
      Resource = "${local.iam}:role/aws-service-role/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = [
        "autoscaling.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com",
        "elasticloadbalancing.amazonaws.com", "wafv2.amazonaws.com",
      ] } }
    },
    {
      Sid      = "NotItself"
      Effect   = "Deny"
      Action   = ["iam:Delete*", "iam:Put*", "iam:Update*", "iam:TagRole", "iam:UntagRole", "iam:PassRole"]
      Resource = local.guarded
    },
  ]

  zone_reads = var.hosted_zone_id == null ? [] : [
    {
      Sid      = "ReadZone"
      Effect   = "Allow"
      Action   = ["route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"]
      Resource = "arn:${local.partition}:route53:::hostedzone/${var.hosted_zone_id}"
    },
  ]

  # Only the names of this stack, where it says which domain is its own.
  zone_writes = var.hosted_zone_id == null ? [] : [
    {
      Sid       = "WriteZone"
      Effect    = "Allow"
      Action    = "route53:ChangeResourceRecordSets"
      Resource  = "arn:${local.partition}:route53:::hostedzone/${var.hosted_zone_id}"
      Condition = { "ForAllValues:StringLike" = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = distinct(flatten([for domain in var.domain_names : [domain, "_*.${domain}"]])) } }
    },
  ]

  state_reads = [for statement in [
    {
      Sid       = "FindState"
      Effect    = "Allow"
      Action    = "s3:ListBucket"
      Resource  = "arn:${local.partition}:s3:::${local.state_bucket}"
      Condition = { StringEquals = { "s3:prefix" = var.state_key } }
    },
    {
      Sid      = "ReadState"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:${local.partition}:s3:::${local.state_bucket}/${var.state_key}"
    },
  ] : statement if var.state_bucket != null]

  state_writes = [for statement in [
    {
      Sid      = "WriteState"
      Effect   = "Allow"
      Action   = "s3:PutObject"
      Resource = "arn:${local.partition}:s3:::${local.state_bucket}/${var.state_key}"
    },
    {
      Sid      = "LockState"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = "arn:${local.partition}:s3:::${local.state_bucket}/${var.state_key}.tflock"
    },
  ] : statement if var.state_bucket != null]
}
