// Logs of training, which charts are drawn from: a line for each iteration: CSV or JSON lines.
#pragma once

#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/rules/magnitude.hpp"

namespace smoothbound {

/// An iteration: the point where it begins, and its step.
struct IterationRecord {
  std::int64_t iteration = 0;
  double objective = 0;  // F(w_k); stochastic: of the mini-batch
  double gradient_mapping =
      0;  // ||g_k||; Gauss-Newton and Newton, which do not project: ||grad F||
  double step = std::numeric_limits<double>::quiet_NaN();  // gamma_k; NaN at the end, without step
  std::optional<Magnitude> smoothness;  // the certified L_F behind the step, if it is certified
  std::int64_t oracle_calls = 0;        // of automatic differentiation, up to and with this step
  double seconds = 0;                   // the same
  int halvings = 0;                     // of gamma in this iteration
  /// Of a step that was proved before it was taken: F(w_{k+1}) <= `bound`, by at least `proved`
  /// below F(w_k); and by how much F fell, in floating point.
  struct Proof {
    double bound = 0;
    double proved = 0;
    double obtained = 0;
    double gradients = 0;     // what the step took, in gradients; not in logs
    std::int64_t passes = 0;  // those for remainders, not in logs
  };
  std::optional<Proof> proof;
};

enum class LogFormat : std::uint8_t { csv, json_lines };

/// JSON lines for names that end in .jsonl or .ndjson, else CSV.
LogFormat log_format_of(std::string_view path);

/// "iteration,objective,gradient_mapping,step,smoothness,oracle_calls,seconds", the first line of a
/// log in CSV; of steps that are proved first, with ",bound,proved,obtained" behind it.
std::string_view log_header(bool has_proofs = false);
/// A record as a line with its end; numbers with all their digits. What an iteration does not have
/// is an empty cell, or no member of the object.
std::string log_line(const IterationRecord& record, LogFormat format, bool has_proofs = false);

/// Whether a file with this beginning is a log of training.
bool is_training_log(std::string_view beginning);
/// Whether `path` is a regular file with such a beginning.
bool is_training_log_file(const std::string& path);
/// The records of a log in either format, `halvings` aside. Throws DataError, which names the line.
std::vector<IterationRecord> read_training_log(const std::string& path);

/// A log that grows line by line while the training runs; each line is written whole.
class LogFile {
 public:
  /// Begins the file anew with those of its lines whose iteration is below `keep_below`, as they
  /// are, if there are any. A last line without an end was cut short, and is dropped. A pipe or
  /// device begins with the run, and waits for its reader. Throws OutputError, and DataError for a
  /// file whose records are to be kept and which is no log of the format that its name asks for.
  /// Of another run, too, as the first objective tells, where both are known.
  LogFile(std::string path, std::int64_t keep_below = 0,
          double first_objective = std::numeric_limits<double>::quiet_NaN(),
          bool has_proofs = false);

  /// Whether the last line of the file before was cut short.
  [[nodiscard]] bool has_dropped_a_part() const { return dropped_; }
  /// Whether iterations below `keep_below` are missing among the lines that were kept.
  [[nodiscard]] bool has_gap() const { return has_gap_; }
  /// Throws OutputError.
  void append(const IterationRecord& record);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void open(const char* mode);
  void write(std::string_view text);
  [[noreturn]] void fail() const;

  std::string path_;
  bool has_proofs_;
  LogFormat format_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  bool dropped_ = false;
  bool has_gap_ = false;
};

}  // namespace smoothbound
