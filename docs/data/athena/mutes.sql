CREATE EXTERNAL TABLE nightjar_mutes (
  Item struct<
    merchant_id:struct<S:string>,
    check_id:struct<S:string>,
    kind:struct<S:string>,
    until:struct<S:string>,
    author:struct<S:string>,
    reason:struct<S:string>,
    created_at:struct<S:string>,
    episode:struct<S:string>,
    ttl:struct<N:string>,
    schema_version:struct<N:string>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://YOUR-BUCKET/mutes/AWSDynamoDB/YOUR-EXPORT/data/'
