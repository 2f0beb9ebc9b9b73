CREATE EXTERNAL TABLE nightjar_merchants (
  Item struct<
    merchant_id:struct<S:string>,
    name:struct<S:string>,
    timezone:struct<S:string>,
    currency:struct<S:string>,
    enabled:struct<BOOL:boolean>,
    open_id:struct<S:string>,
    tiktok:struct<M:struct<open_id:struct<S:string>,account_type:struct<S:string>,scopes:struct<L:array<struct<S:string>>>,base_url:struct<S:string>,business_base_url:struct<S:string>,username:struct<S:string>,bio_link:struct<S:string>>>,
    analytics:struct<M:struct<provider:struct<S:string>,base_url:struct<S:string>,property_id:struct<S:string>,key_events:struct<L:array<struct<S:string>>>,shop:struct<S:string>>>,
    commerce:struct<M:struct<provider:struct<S:string>,base_url:struct<S:string>,key_events:struct<L:array<struct<S:string>>>,shop:struct<S:string>>>,
    thresholds:struct<M:map<string,struct<M:struct<warn:struct<N:string>,critical:struct<N:string>,conditions:struct<M:map<string,struct<S:string>>>,reason:struct<S:string>,expires:struct<S:string>>>>>,
    alerts:struct<M:struct<language:struct<S:string>,sms_alphabet:struct<S:string>,quiet:struct<S:string>,quiet_timezone:struct<S:string>,digest:struct<S:string>>>,
    extra_checks:struct<L:array<struct<S:string>>>,
    version:struct<N:string>,
    erased_at:struct<S:string>,
    ttl:struct<N:string>,
    schema_version:struct<N:string>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://YOUR-BUCKET/merchants/AWSDynamoDB/YOUR-EXPORT/data/'
