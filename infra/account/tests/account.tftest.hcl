# What the account has once.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

override_resource {
  target = aws_s3_bucket.state
  values = { arn = "arn:aws:s3:::states", bucket = "states" }
}

run "no_tagged_image_expires" {
  command = plan

  variables {
    state_bucket = "states"
    repositories = ["backend", "worker"]
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push && repository.force_delete != true])
    error_message = "Repositories have immutable tags and scan on push, and are not deleted with images."
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : jsondecode(policy.policy).rules[*].selection.tagStatus == ["untagged"]])
    error_message = "No image with a tag expires: it may be the one that runs, or the way back."
  }
}

run "listed_tags_expire_by_their_number" {
  command = plan

  variables {
    state_bucket     = "states"
    expiring_tags    = { "pr-" = 20 }
    pulling_accounts = ["444455556666"]
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this["backend"].policy).rules : rule.selection if rule.selection.tagStatus == "tagged"] == [{ tagStatus = "tagged", tagPrefixList = ["pr-"], countType = "imageCountMoreThan", countNumber = 20 }]
    error_message = "Only the tags that are listed expire, by their number and not by their age."
  }

  assert {
    condition     = !strcontains(aws_ecr_repository_policy.this["backend"].policy, "Put") && strcontains(aws_ecr_repository_policy.this["backend"].policy, "arn:aws:iam::444455556666:root")
    error_message = "Other accounts pull and do not push."
  }
}

run "wildcards_in_expiring_tags" {
  command = plan

  variables {
    state_bucket       = "S"
    expiring_tags      = { "*" = 1 }
    repositories       = ["Backend"]
    keep_untagged_days = 0
    pulling_accounts   = ["octo"]
    aws_region         = "frankfurt"
  }

  expect_failures = [var.state_bucket, var.expiring_tags, var.repositories, var.keep_untagged_days, var.pulling_accounts, var.aws_region]
}

# Held against the repositories, and so only judged where they are right themselves.
run "adopted_repositories_are_among_the_repositories" {
  command = plan

  variables {
    state_bucket       = "states"
    repositories       = ["backend"]
    adopt_repositories = ["backend", "other"]
  }

  expect_failures = [var.adopt_repositories]
}
