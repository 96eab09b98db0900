"""From notifications to sessions: what track folds, what it holds back, and what belongs together."""
