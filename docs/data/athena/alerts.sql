CREATE EXTERNAL TABLE nightjar_alerts (
  Item struct<
    merchant_id:struct<S:string>,
    alert_id:struct<S:string>,
    night:struct<S:string>,
    state:struct<S:string>,
    unsent_night:struct<S:string>,
    criticals:struct<L:array<struct<M:struct<check_id:struct<S:string>,area:struct<S:string>,why:struct<S:string>,summary:struct<S:string>>>>>,
    warnings:struct<L:array<struct<M:struct<check_id:struct<S:string>,area:struct<S:string>,change:struct<S:string>,summary:struct<S:string>>>>>,
    held:struct<L:array<struct<M:struct<check_id:struct<S:string>,area:struct<S:string>,because:struct<S:string>,wanted:struct<S:string>,summary:struct<S:string>>>>>,
    areas:struct<L:array<struct<S:string>>>,
    counts:struct<M:map<string,struct<N:string>>>,
    root_cause:struct<M:struct<check_id:struct<S:string>,failure:struct<S:string>>>,
    told_before:struct<S:string>,
    subject:struct<S:string>,
    email:struct<S:string>,
    sms:struct<S:string>,
    document:struct<S:string>,
    instead:struct<M:struct<subject:struct<S:string>,email:struct<S:string>,sms:struct<S:string>,document:struct<S:string>>>,
    created_at:struct<S:string>,
    published_at:struct<S:string>,
    message_id:struct<S:string>,
    topic_arn:struct<S:string>,
    sms_state:struct<S:string>,
    sms_held_for:struct<S:string>,
    sms_held_until:struct<S:string>,
    sms_published_at:struct<S:string>,
    sms_message_id:struct<S:string>,
    sms_topic_arn:struct<S:string>,
    swept_at:struct<S:string>,
    sweeps:struct<N:string>,
    ttl:struct<N:string>,
    schema_version:struct<N:string>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://YOUR-BUCKET/alerts/AWSDynamoDB/YOUR-EXPORT/data/'
