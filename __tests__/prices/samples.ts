/** Files of AWS's price list in their own shape: five lines about the file, a header, and one row for each tier. */

/** The header of AmazonECS. Other services have columns of their own in between. */
const HEADER = [
  ...['SKU', 'OfferTermCode', 'RateCode', 'TermType', 'PriceDescription', 'EffectiveDate'],
  ...['StartingRange', 'EndingRange', 'Unit', 'PricePerUnit', 'Currency', 'RelatedTo'],
  ...['LeaseContractLength', 'PurchaseOption', 'OfferingClass', 'Product Family', 'serviceCode', 'Location'],
  ...[
    'Location Type',
    'Tenancy',
    'Operating System',
    'usageType',
    'operation',
    'CPU Architecture',
    'CPU Type',
  ],
  ...['Memory Type', 'Region Code', 'Resource', 'serviceName', 'Storage Type'],
];

export interface Row {
  readonly usageType: string;
  readonly price: string;
  readonly family?: string;
  readonly operation?: string;
  readonly termType?: string;
  readonly currency?: string;
  readonly from?: string;
  readonly description?: string;
}

export function priceList(offer: string, rows: readonly Row[], publishedAt = '2026-11-20T18:04:11Z'): string {
  const lines = [
    ['FormatVersion', 'v1.0'],
    [
      'Disclaimer',
      'This pricing list is for informational purposes only. All prices are subject to the additional terms included in the pricing pages on http://aws.amazon.com. All Free Tier prices are also subject to the terms included at https://aws.amazon.com/free/',
    ],
    ['Publication Date', publishedAt],
    ['Version', publishedAt.replaceAll(/\D/g, '')],
    ['OfferCode', offer],
    HEADER,
    ...rows.map((row, index) => cells(offer, row, index)),
  ];
  return lines.map((line) => `${line.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`).join('');
}

function cells(offer: string, row: Row, index: number): string[] {
  const sku = `3QCFAL9Q65V8N${String(index).padStart(3, '0')}`;
  const of: Readonly<Record<string, string>> = {
    SKU: sku,
    OfferTermCode: 'JRTCKXETXF',
    RateCode: `${sku}.JRTCKXETXF.6YS6EN2CT7`,
    TermType: row.termType ?? 'OnDemand',
    PriceDescription: row.description ?? `$${row.price} per unit, "list" price`,
    EffectiveDate: '2026-11-01',
    StartingRange: row.from ?? '0',
    EndingRange: 'Inf',
    Unit: 'hours',
    PricePerUnit: row.price,
    Currency: row.currency ?? 'USD',
    'Product Family': row.family ?? 'Compute',
    serviceCode: offer,
    usageType: row.usageType,
    operation: row.operation ?? '',
  };
  return HEADER.map((name) => of[name] ?? '');
}

/** What AmazonECS has in a region, beside more that Fargate does not cost. */
export function ecs(prefix: string, more: readonly Row[] = []): string {
  return priceList('AmazonECS', [
    { usageType: `${prefix}ECS-EC2-vCPU-Hours`, price: '0.0000000000' },
    { usageType: `${prefix}Fargate-vCPU-Hours:perCPU`, price: '0.0404800000' },
    { usageType: `${prefix}Fargate-GB-Hours`, price: '0.0044450000' },
    { usageType: `${prefix}Fargate-Windows-vCPU-Hours:perCPU`, price: '0.0465520000' },
    { usageType: `${prefix}Fargate-Windows-GB-Hours`, price: '0.0051117500' },
    { usageType: `${prefix}Fargate-EphemeralStorage-GB-Hours`, price: '0.0001110000' },
    { usageType: `${prefix}SpotUsage-Fargate-vCPU-Hours:perCPU`, price: '0.0131890000' },
    ...more,
  ]);
}

export function arm(prefix: string): Row[] {
  return [
    { usageType: `${prefix}Fargate-ARM-vCPU-Hours:perCPU`, price: '0.0323800000' },
    { usageType: `${prefix}Fargate-ARM-GB-Hours`, price: '0.0035600000' },
  ];
}
