# policies/*.json are the one source of the policies: here, in the README, and in the tests that hold recorded calls
# against them. Words in capitals are placeholders; those below stand for lists.
locals {
  lists = {
    SERVICE        = var.service_names
    FAMILY         = var.families
    REPOSITORY     = var.repository_names
    LOG_GROUP      = var.log_group_names
    TASK_ROLE      = var.task_role_names
    EXECUTION_ROLE = var.execution_role_names
    SECRET         = [for arn in var.secret_arns : split(":", arn)[6]]
    CODEDEPLOY     = var.codedeploy_services
  }

  files = {
    deploy = concat(["deploy"], length(var.codedeploy_services) > 0 ? ["codedeploy"] : [])
    plan   = concat(["plan"], length(var.codedeploy_services) > 0 ? ["codedeploy-plan"] : [])
  }

  statements = {
    for name, files in local.files : name => flatten([
      for file in files : jsondecode(
        replace(replace(replace(replace(
          file("${path.module}/policies/${file}.json"),
          "arn:aws:", "arn:${local.partition}:"),
          "REGION", var.region),
          "ACCOUNT", local.account),
        "CLUSTER", var.cluster_name)
      )
    ])
  }

  # A placeholder that stands for nothing leaves a statement without a resource, which says nothing.
  policies = {
    for name, statements in local.statements : name => jsonencode({
      Version = "2012-10-17"
      Statement = [
        for statement in [
          for statement in statements : merge(
            {
              Sid    = statement.sid
              Effect = "Allow"
              Action = [for permission in statement.permissions : permission.action if permission.action != "ecs:DeregisterTaskDefinition" || var.deregister_failed_revisions]
              Resource = distinct(flatten([
                for pattern in statement.resources : [
                  for word in coalescelist(flatten(regexall("(${join("|", keys(local.lists))})", pattern)), [""]) :
                  word == "" ? [pattern] : [for value in local.lists[word] : replace(pattern, word, value)]
                ]
              ]))
            },
            # An absent condition is no key, not a null.
            { for key, value in statement : "Condition" => value if key == "condition" },
          )
        ] : statement if length(statement.Resource) > 0
      ]
    })
  }
}
