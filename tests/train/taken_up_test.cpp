// Runs that are taken up: what they keep, and what they say.
#include <gtest/gtest.h>

#include <fstream>

#include "requests.hpp"
#include "smoothbound/text/data_error.hpp"
#include "support/temporary_directory.hpp"

namespace smoothbound::testing {
namespace {

// F(w_0) on all samples is what the guarantee of the whole run takes, also where it was taken up.
TEST(TakenUp, StochasticRunsThatAreTakenUpKeepTheirFirstObjective) {
  const TemporaryDirectory directory;
  TrainingRequest asked = request(6);
  asked.training.mini_batch = 3;
  TrainingSession whole(asked);
  const double first = whole.run().first_objective();
  TrainingRequest all = request(0);
  EXPECT_EQ(first, TrainingSession(all).run().last_objective);
  EXPECT_NE(first, whole.run().state.first_objective);  // of the first mini-batch
  asked.iterations = 4;
  asked.checkpoint = directory / "run.safetensors";
  TrainingSession(asked).run();
  asked.resume = asked.checkpoint;
  asked.iterations = 6;
  TrainingSession rest(asked);
  EXPECT_EQ(rest.run().first_objective(), first);
  EXPECT_EQ(rest.run().last_objective, whole.run().last_objective);
}

TEST(TakenUp, ARunThatIsDoneAndAnotherArchitectureAreSaid) {
  const TemporaryDirectory directory;
  TrainingRequest asked = request(3);
  asked.checkpoint = directory / "run.safetensors";
  TrainingSession(asked).run();
  std::string told;
  asked.notice = [&](const std::string&, const std::string& what) { told += what; };
  asked.resume = asked.checkpoint;
  EXPECT_EQ(TrainingSession(asked).run().state.iteration, 3);
  EXPECT_EQ(told, "it has 3 iterations, and no more are asked for");
  asked.source.text += "\n";
  try {
    TrainingSession(asked).run();
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "is of a run of another architecture, or of one that has changed since");
    EXPECT_EQ(error.hint, "take up a run with the architecture with which it began");
  }
}

TEST(TakenUp, ALogWithAGapIsSaid) {
  const TemporaryDirectory directory;
  TrainingRequest asked = request(3);
  asked.checkpoint = directory / "run.safetensors";
  asked.log = directory / "log.csv";
  TrainingSession(asked).run();
  const std::string log = read_file(asked.log);
  std::ofstream(asked.log) << log.substr(0, log.find("\n1,") + 1);
  std::string told;
  asked.notice = [&](const std::string&, const std::string& what) { told += what; };
  asked.resume = asked.checkpoint;
  asked.iterations = 4;
  TrainingSession(asked).run();
  EXPECT_EQ(told, "it does not have all iterations before 3");
}

}  // namespace
}  // namespace smoothbound::testing
