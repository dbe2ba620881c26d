import {
  for_each = var.adopt_repositories
  to       = aws_ecr_repository.this[each.key]
  id       = each.key
}

resource "aws_ecr_repository" "this" {
  for_each = var.repositories

  name                 = each.key
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
  }

  lifecycle {
    # Images that run, and the way back of every environment.
    prevent_destroy = true
  }
}

# No rule has a wildcard: whatever has a tag that is not listed stays.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    rules = concat(
      [{
        rulePriority = 1
        description  = "Untagged images go after ${var.keep_untagged_days} days"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.keep_untagged_days }
        action       = { type = "expire" }
      }],
      [for at, prefix in sort(keys(var.expiring_tags)) : {
        rulePriority = 2 + at
        description  = "Of ${prefix}... the newest ${var.expiring_tags[prefix]} stay"
        selection    = { tagStatus = "tagged", tagPrefixList = [prefix], countType = "imageCountMoreThan", countNumber = var.expiring_tags[prefix] }
        action       = { type = "expire" }
      }],
    )
  })
}

resource "aws_ecr_repository_policy" "this" {
  for_each = length(var.pulling_accounts) == 0 ? {} : aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Pull"
      Effect    = "Allow"
      Principal = { AWS = [for id in sort(var.pulling_accounts) : "arn:${data.aws_partition.current.partition}:iam::${id}:root"] }
      Action    = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}
