CREATE EXTERNAL TABLE nightjar_nights (
  Item struct<
    night:struct<S:string>,
    opened_at:struct<S:string>,
    closed_at:struct<S:string>,
    restated_at:struct<S:string>,
    expected:struct<N:string>,
    audited:struct<N:string>,
    failed:struct<N:string>,
    failed_merchants:struct<L:array<struct<S:string>>>,
    missing:struct<N:string>,
    missing_merchants:struct<L:array<struct<S:string>>>,
    coverage_percent:struct<N:string>,
    outcomes:struct<M:map<string,struct<N:string>>>,
    not_evaluated:struct<N:string>,
    causes:struct<M:map<string,struct<N:string>>>,
    fleet_failures:struct<L:array<struct<M:struct<failure:struct<S:string>,merchants:struct<N:string>,since:struct<S:string>>>>>,
    ttl:struct<N:string>,
    schema_version:struct<N:string>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://YOUR-BUCKET/nights/AWSDynamoDB/YOUR-EXPORT/data/'
