"""The build context: the files of the project that an image build can read."""
