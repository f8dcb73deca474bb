import { describe } from 'vitest'
import { awsCli } from './aws-cli.ts'
import { everyOnPath } from './every-on-path.ts'
import { push } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'
import type { Workstation } from './workstation.ts'

const programs = await everyOnPath('terraform', ['version'])

/**
 * A folder that holds the provider hashicorp/aws, as `terraform init -plugin-dir` wants it. Without it, Terraform looks
 * for the provider where its own configuration says, else on the internet.
 */
const pluginFolder = process.env.WAYBILL_TEST_TERRAFORM_PLUGINS

/** The variable of the configuration: that stays, and its values change. */
interface Publication {
  readonly repository_name: string
  readonly description: string
  readonly about_text: string | null
  readonly architectures: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  /** What the account may do by the repository's own policy. */
  readonly actions: readonly string[]
}

const configuration = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "endpoint" { type = string }

variable "publication" {
  type = object({
    repository_name = string
    description     = string
    about_text      = string
    architectures   = list(string)
    tags            = map(string)
    actions         = list(string)
  })
}

provider "aws" {
  region                  = "us-east-1"
  skip_metadata_api_check = true
  endpoints {
    ecrpublic = var.endpoint
    sts       = var.endpoint
  }
}

data "aws_caller_identity" "publisher" {}

data "aws_ecrpublic_authorization_token" "publisher" {}

resource "aws_ecrpublic_repository" "published" {
  repository_name = var.publication.repository_name
  tags            = var.publication.tags
  force_destroy   = true
  catalog_data {
    description       = var.publication.description
    about_text        = var.publication.about_text
    architectures     = var.publication.architectures
    operating_systems = ["Linux"]
  }
}

resource "aws_ecrpublic_repository_policy" "published" {
  repository_name = aws_ecrpublic_repository.published.repository_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Publishers"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::\${data.aws_caller_identity.publisher.account_id}:root" }
      Action    = var.publication.actions
    }]
  })
}

output "uri" { value = aws_ecrpublic_repository.published.repository_uri }

output "user" { value = data.aws_ecrpublic_authorization_token.publisher.user_name }
`

const listTags = ['list-tags-for-resource', '--resource-arn'] as const

describe.for(programs)('Terraform', ({ path, name }) => {
  scenario(
    'creates, reads, changes and destroys a repository, and finds nothing to do in between',
    async ({ registry, images, publisher, expect }) => {
      const first: Publication = {
        repository_name: `${name}/published`,
        description: 'First',
        about_text: '# About\n"quoted" ü ☃',
        architectures: ['ARM 64', 'x86-64'],
        tags: { 'cost centre': '42', team: 'platform' },
        actions: ['ecr-public:InitiateLayerUpload', 'ecr-public:PutImage'],
      }
      const { repository_name } = first
      const terraform = terraformOf(publisher, path)
      const aws = awsCli(publisher, registry)
      const apply = async (publication: Publication) => {
        const values = { endpoint: registry.url, publication }
        await publisher.write('terraform.tfvars.json', JSON.stringify(values))
        await terraform('apply', '-auto-approve')
      }
      // With this option, Terraform fails if there is anything that it would change.
      const expectNothingToDo = () => terraform('plan', '-detailed-exitcode')
      const published = async () => {
        const named = ['--repository-name', repository_name]
        const arn = `arn:aws:ecr-public::000000000000:repository/${repository_name}`
        const { policyText } = await aws<{ policyText: string }>('get-repository-policy', ...named)
        const { tags } = await aws<{ tags: { Key: string; Value: string }[] }>(...listTags, arn)
        return {
          ...(await aws<object>('get-repository-catalog-data', ...named)),
          // In an order of Terraform's own.
          tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
          policy: JSON.parse(policyText),
        }
      }

      await publisher.write('main.tf', configuration)
      await terraform('init', ...(pluginFolder === undefined ? [] : [`-plugin-dir=${pluginFolder}`]))
      await apply(first)

      expect(JSON.parse(await terraform('output', '-json'))).toMatchObject({
        uri: { value: `${registry.host}/library/${repository_name}` },
        user: { value: 'AWS' },
      })
      expect(await published()).toEqual(wanted(first))
      await expectNothingToDo()

      const second: Publication = {
        ...first,
        description: 'Second',
        about_text: null,
        architectures: ['x86-64'],
        tags: { team: 'publishing' },
        actions: ['ecr-public:PutImage'],
      }
      await apply(second)
      expect(await published()).toEqual(wanted(second))
      await expectNothingToDo()

      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/app`, `${registry.host}/library/${repository_name}:1.0`)
      await expectNothingToDo()
      await terraform('destroy', '-auto-approve')
      await expect(aws('describe-repositories', '--repository-names', repository_name)).rejects.toThrow(
        'RepositoryNotFoundException',
      )
    },
  )
})

/** Runs Terraform in the folder of a machine, where it asks nobody anything. */
function terraformOf(workstation: Workstation, program: string) {
  const env = { TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' }
  return (command: string, ...args: readonly string[]) =>
    workstation.run(program, [command, ...args, '-no-color'], { env })
}

function wanted({ description, about_text, architectures, tags, actions }: Publication) {
  const principal = { AWS: 'arn:aws:iam::000000000000:root' }
  return {
    catalogData: {
      description,
      ...(about_text !== null && { aboutText: about_text }),
      architectures,
      operatingSystems: ['Linux'],
    },
    tags,
    policy: {
      Version: '2012-10-17',
      Statement: [{ Sid: 'Publishers', Effect: 'Allow', Principal: principal, Action: actions }],
    },
  }
}
