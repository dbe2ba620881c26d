locals {
  state_bucket = var.state_bucket == null ? "-" : var.state_bucket
  in_region    = { StringEquals = { "aws:RequestedRegion" = var.region } }
  own_roles    = "arn:${local.partition}:iam::${local.account}:role/${var.prefix}-*"
  # What decides who may do what here is changed by a person.
  guarded = [for role in ["infra"] : "arn:${local.partition}:iam::${local.account}:role/${var.prefix}-${role}"]

  # Everything that terraform plan reads of the stack.
  infra_reads = [
    {
      Sid    = "Read"
      Effect = "Allow"
      Action = [
        "acm:DescribeCertificate",
        "acm:ListTagsForCertificate",
        "application-autoscaling:Describe*",
        "application-autoscaling:ListTagsForResource",
        "autoscaling:Describe*",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetDashboard",
        "cloudwatch:ListTagsForResource",
        "ec2:Describe*",
        "ec2:GetSecurityGroupsForVpc",
        "ecr:DescribeRepositories",
        "ecr:GetLifecyclePolicy",
        "ecr:GetRepositoryPolicy",
        "ecr:ListTagsForResource",
        "ecs:Describe*",
        "ecs:ListTagsForResource",
        "elasticloadbalancing:Describe*",
        "iam:GetInstanceProfile",
        "iam:GetOpenIDConnectProvider",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListOpenIDConnectProviders",
        "iam:ListRolePolicies",
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListAliases",
        "kms:ListResourceTags",
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "route53:GetChange",
        "route53:GetHostedZone",
        "route53:ListResourceRecordSets",
        "route53:ListTagsForResource",
        "sts:GetCallerIdentity",
        "wafv2:GetLoggingConfiguration",
        "wafv2:GetWebACL",
        "wafv2:GetWebACLForResource",
        "wafv2:ListTagsForResource",
      ]
      Resource = "*"
    },
    {
      Sid      = "ReadLogBuckets"
      Effect   = "Allow"
      Action   = ["s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket"]
      Resource = "arn:${local.partition}:s3:::${var.prefix}-logs-*"
    },
  ]

  infra_writes = [
    {
      Sid    = "Write"
      Effect = "Allow"
      Action = [
        "acm:AddTagsToCertificate",
        "acm:DeleteCertificate",
        "acm:RequestCertificate",
        "application-autoscaling:*",
        "autoscaling:*",
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DeleteDashboards",
        "cloudwatch:PutDashboard",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:TagResource",
        "cloudwatch:UntagResource",
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
        "ecr:CreateRepository",
        "ecr:DeleteLifecyclePolicy",
        "ecr:DeleteRepository",
        "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability",
        "ecr:PutLifecyclePolicy",
        "ecr:TagResource",
        "ecr:UntagResource",
        "ecs:CreateCapacityProvider",
        "ecs:CreateCluster",
        "ecs:CreateService",
        "ecs:DeleteCapacityProvider",
        "ecs:DeleteCluster",
        "ecs:DeleteService",
        "ecs:PutClusterCapacityProviders",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:UpdateCapacityProvider",
        "ecs:UpdateCluster",
        "ecs:UpdateClusterSettings",
        "ecs:UpdateService",
        "elasticloadbalancing:*",
        "kms:CreateAlias",
        "kms:CreateGrant",
        "kms:CreateKey",
        "kms:DeleteAlias",
        "kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:RetireGrant",
        "kms:ScheduleKeyDeletion",
        "kms:TagResource",
        "kms:UntagResource",
        "kms:UpdateAlias",
        "kms:UpdateKeyDescription",
        "logs:AssociateKmsKey",
        "logs:CreateLogDelivery",
        "logs:CreateLogGroup",
        "logs:DeleteLogDelivery",
        "logs:DeleteLogGroup",
        "logs:DescribeResourcePolicies",
        "logs:DisassociateKmsKey",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
        "logs:UpdateLogDelivery",
        "ssm:GetParameters",
        "wafv2:*",
      ]
      Resource  = "*"
      Condition = local.in_region
    },
    {
      Sid    = "WriteLogBuckets"
      Effect = "Allow"
      Action = [
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteBucketPolicy",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketVersions",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
      ]
      Resource = ["arn:${local.partition}:s3:::${var.prefix}-logs-*", "arn:${local.partition}:s3:::${var.prefix}-logs-*/*"]
    },
    {
      Sid    = "WriteRoles"
      Effect = "Allow"
      Action = [
        "iam:CreateRole",
        "iam:DeleteRolePolicy",
        "iam:PutRolePolicy",
      ]
      Resource  = local.own_roles
      Condition = { for condition, value in { StringEquals = { "iam:PermissionsBoundary" = var.permissions_boundary_arn } } : condition => value if var.permissions_boundary_arn != null }
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
      Resource = [local.own_roles, "arn:${local.partition}:iam::${local.account}:instance-profile/${var.prefix}-*"]
    },
    {
      Sid       = "PassRoles"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = local.own_roles
      Condition = { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com", "vpc-flow-logs.amazonaws.com"] } }
    },
    {
      Sid      = "ServiceRoles"
      Effect   = "Allow"
      Action   = "iam:CreateServiceLinkedRole"
      Resource = "arn:${local.partition}:iam::${local.account}:role/aws-service-role/*"
      Condition = { StringEquals = { "iam:AWSServiceName" = [
        "autoscaling.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com",
        "elasticloadbalancing.amazonaws.com", "wafv2.amazonaws.com",
      ] } }
    },
    {
      Sid      = "IdentityProvider"
      Effect   = "Allow"
      Action   = ["iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider"]
      Resource = "arn:${local.partition}:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"
    },
    {
      Sid      = "NotItself"
      Effect   = "Deny"
      Action   = ["iam:DeleteRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]
      Resource = local.guarded
    },
  ]

  zone_writes = var.hosted_zone_id == null ? [] : [
    {
      Sid      = "WriteZone"
      Effect   = "Allow"
      Action   = "route53:ChangeResourceRecordSets"
      Resource = "arn:${local.partition}:route53:::hostedzone/${var.hosted_zone_id}"
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
