// The samples on which a network is executed: from files or random, made to fit it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "smoothbound/bounds/report.hpp"
#include "smoothbound/data/dataset.hpp"
#include "smoothbound/data/prepare.hpp"
#include "smoothbound/runtime/losses/evaluate.hpp"

namespace smoothbound {

struct SampleRequest {
  static constexpr std::string_view random = "random";

  std::string name{random};  // of the data set, see `open_dataset`, or `random`
  bool is_input = false;     // the network's input as it stands: no border of zeros makes it fit
  std::string labels;        // a file with the class of each sample; empty: those of the data set
  std::string targets;       // a file with what each sample should give; empty: none
  Split split = Split::test;
  std::optional<double> divisor;  // of whole numbers, see `divisor_of`
  bool standardise = false;
  bool scale_norm = false;  // to the norm of the architecture's input, as random ones are
  std::uint64_t seed = 1;   // of random samples

  [[nodiscard]] bool is_random() const { return name == random && !is_input; }
  /// Those that are read.
  [[nodiscard]] std::vector<std::string> files() const;
};

/// Where samples came from, and what was done to them.
struct SampleOrigin {
  std::string name;
  std::optional<std::string> split;
  std::optional<std::uint64_t> seed;  // of random samples
  struct Numbers {
    ElementType type;
    double divisor;  // 1: they are as they are
  };
  std::optional<Numbers> numbers;  // in the file of samples
  std::optional<Numbers> targets;  // in that of targets
  Shape stored;                    // as they come
  Shape used;                      // as the network reads them
  Preparation preparation;
  std::optional<double> norm;       // to which all of them together were scaled
  std::optional<std::int64_t> ids;  // they are ids, 0 to *ids - 1
};

/// A batch asks for more samples than there are.
class TooFewSamples : public std::runtime_error {
 public:
  TooFewSamples(const Dataset& from, const std::string& network, std::int64_t batch);
  std::string data;
  std::int64_t available;
  std::int64_t asked;
};

/// Targets were given for a loss that takes none, or without a loss.
class TargetsNotTaken : public std::runtime_error {
 public:
  explicit TargetsNotTaken(const LossRow* of);
  const LossRow* loss;
};

/// Something is to be done to samples that are ids.
class IdsAsNumbers : public std::runtime_error {
 public:
  enum class Change : std::uint8_t { divided, standardised, scaled };
  explicit IdsAsNumbers(Change asked);
  Change change;
};

/// The loss compares outputs with what each sample should be, and nothing says that.
class LabelsMissing : public std::runtime_error {
 public:
  LabelsMissing(std::string of, const LossRow& asking);
  std::string data;  // the samples' name
  const LossRow* loss;
};

/// What it does with a report is for the network of that report, whose batch says how many samples
/// are taken.
class Samples {
 public:
  /// Opens the files, but for targets. Throws DataError.
  explicit Samples(SampleRequest request);

  [[nodiscard]] const SampleRequest& request() const { return request_; }
  /// How many there are; of random ones as many as anybody wants.
  [[nodiscard]] std::optional<std::int64_t> count() const;

  /// Makes them fit. Throws TooFewSamples, TargetsNotTaken, IdsAsNumbers, DataError.
  void fit(const Report& report);
  /// That there is what the loss compares outputs with, of samples that are made to fit. Throws
  /// LabelsMissing.
  void require_labels(const Report& report) const;
  /// Makes those that are random; the others are there.
  void generate(const Report& report);

  [[nodiscard]] const Dataset& dataset() const { return *dataset_; }
  [[nodiscard]] bool have_targets() const { return !request_.targets.empty(); }
  /// Of data sets that are split.
  [[nodiscard]] std::optional<std::string> split() const;
  [[nodiscard]] PreparationOptions preparation(const Report& report) const;
  /// `done`: what `preparation` led to.
  [[nodiscard]] SampleOrigin origin(const Report& report, const Preparation& done) const;
  /// What the samples of the batch should be; both lists are empty if that is not known. Throws
  /// DataError for classes that the outputs do not have, if the loss compares them, and for targets
  /// that are not finite.
  [[nodiscard]] Labels labels(const Report& report) const;

 private:
  [[nodiscard]] SampleOrigin::Numbers target_numbers() const;

  SampleRequest request_;
  std::optional<Dataset> dataset_;
  std::shared_ptr<const ArrayFile> targets_;
  Shape stored_;
};

}  // namespace smoothbound
