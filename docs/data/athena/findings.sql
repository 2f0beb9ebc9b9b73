CREATE EXTERNAL TABLE nightjar_findings (
  Item struct<
    merchant_id:struct<S:string>,
    check_id:struct<S:string>,
    status:struct<S:string>,
    severity:struct<S:string>,
    open_severity:struct<S:string>,
    value:struct<N:string>,
    unit:struct<S:string>,
    warn:struct<N:string>,
    critical:struct<N:string>,
    summary:struct<S:string>,
    reason:struct<S:string>,
    last_night:struct<S:string>,
    opened_on:struct<S:string>,
    resolved_on:struct<S:string>,
    blinded_since:struct<S:string>,
    critical_since:struct<S:string>,
    calmed_on:struct<S:string>,
    returned_on:struct<S:string>,
    last_told_on:struct<S:string>,
    nights_open:struct<N:string>,
    good_nights:struct<N:string>,
    calm_nights:struct<N:string>,
    ttl:struct<N:string>,
    schema_version:struct<N:string>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://YOUR-BUCKET/findings/AWSDynamoDB/YOUR-EXPORT/data/'
