"""Files and folders that list the packages of an environment, such as a model folder of MLflow."""
