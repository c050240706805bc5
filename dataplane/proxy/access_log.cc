#include "dataplane/proxy/access_log.h"

namespace lb::proxy {

bool IsLogged(const FrontendConfig& frontend) {
  return frontend.has_log_format && frontend.log->has_targets();
}

void WriteAccessLog(WorkerContext* worker, const FrontendConfig& frontend, rules::TxnContext* txn,
                    bool is_error) {
  if (!IsLogged(frontend) || txn->log_level == rules::kLogLevelSilent) return;
  const rules::LogFacts& facts = *txn->log;
  if (frontend.dont_log_null && facts.bytes_uploaded == 0) return;
  if (frontend.dont_log_normal && !is_error) return;
  net::SyslogLevel level = net::SyslogLevel::kInfo;
  if (is_error && frontend.log_separate_errors) level = net::SyslogLevel::kErr;
  if (txn->log_level >= 0) level = static_cast<net::SyslogLevel>(txn->log_level);
  // The messages' texts may be gone by now: only what was kept of them can be logged.
  txn->request = nullptr;
  txn->response = nullptr;
  worker->log_line.clear();
  frontend.log_format.AppendTo(*txn, &worker->log_line);
  frontend.log->Send(level, worker->loop->wall_now(), worker->log_line);
}

}  // namespace lb::proxy
