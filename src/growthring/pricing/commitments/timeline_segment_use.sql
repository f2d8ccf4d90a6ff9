-- Units used in each segment: half-open, so that an event on a turning point belongs to what begins there.
SELECT
  timeline_segment.timeline_id AS timeline_id,
  timeline_segment.segment AS segment,
  CAST(SUM(timeline_use.quantity) AS DECIMAL(38,6)) AS used
FROM timeline_use
JOIN timeline_segment ON timeline_segment.timeline_id = timeline_use.timeline_id
WHERE timeline_use.used_at >= timeline_segment.starts_at AND timeline_use.used_at < timeline_segment.ends_at
GROUP BY timeline_segment.timeline_id, timeline_segment.segment
