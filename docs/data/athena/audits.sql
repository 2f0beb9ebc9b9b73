CREATE EXTERNAL TABLE nightjar_audits (
  Item struct<
    merchant_id:struct<S:string>,
    night:struct<S:string>,
    state:struct<S:string>,
    pending_night:struct<S:string>,
    extra_checks:struct<L:array<struct<S:string>>>,
    expected_at:struct<S:string>,
    evaluated_at:struct<S:string>,
    counts:struct<M:map<string,struct<N:string>>>,
    reasons:struct<M:map<string,struct<N:string>>>,
    failures:struct<L:array<struct<S:string>>>,
    new_criticals:struct<L:array<struct<S:string>>>,
    ended_criticals:struct<L:array<struct<S:string>>>,
    effort:struct<M:struct<seconds:struct<N:string>,requests:struct<N:string>>>,
    outcomes:struct<M:map<string,struct<M:struct<check_id:struct<S:string>,area:struct<S:string>,status:struct<S:string>,value:struct<N:string>,unit:struct<S:string>,warn:struct<N:string>,critical:struct<N:string>,reasons:struct<L:array<struct<S:string>>>,causes:struct<L:array<struct<M:struct<reason:struct<S:string>,detail:struct<S:string>>>>>,summary:struct<S:string>,samples:struct<M:map<string,struct<N:string>>>,conditions:struct<L:array<struct<S:string>>>,threshold:struct<M:struct<set_by:struct<S:string>,reason:struct<S:string>,expires:struct<S:string>>>>>>>,
    kpis:struct<M:map<string,struct<M:struct<value:struct<N:string>,prior:struct<N:string>,change_percent:struct<N:string>,unit:struct<S:string>,good_when:struct<S:string>,sentiment:struct<S:string>,reason:struct<S:string>,source:struct<S:string>>>>>,
    snapshot_sha256:struct<S:string>,
    profile_version:struct<S:string>,
    code_version:struct<S:string>,
    overrides:struct<M:map<string,struct<M:struct<warn:struct<N:string>,critical:struct<N:string>,conditions:struct<M:map<string,struct<S:string>>>,reason:struct<S:string>,expires:struct<S:string>>>>>,
    version:struct<N:string>,
    supersedes:struct<N:string>,
    snapshot_version:struct<N:string>,
    ttl:struct<N:string>,
    schema_version:struct<N:string>
  >
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('case.insensitive' = 'true')
LOCATION 's3://YOUR-BUCKET/audits/AWSDynamoDB/YOUR-EXPORT/data/'
