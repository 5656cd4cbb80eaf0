"""Pickled estimators of all kinds, fitted on small data."""

from __future__ import annotations

import pickle
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import (
    calibration,
    cluster,
    compose,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    manifold,
    mixture,
    model_selection,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)

if TYPE_CHECKING:
    from pathlib import Path

_RANDOM = np.random.RandomState(0)
X = _RANDOM.rand(120, 4)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 1).astype(int) + 1
CATEGORIES = X.round(1).astype(str).astype(object)
TEXTS = ["the cat sat", "on the mat", "a cat and a dog", "dogs sat on cats"] * 10
ESTIMATORS: dict[str, Any] = {
    str(type(each).__name__): each
    for each in (
        calibration.CalibratedClassifierCV(linear_model.LogisticRegression()),
        cluster.Birch(n_clusters=3),
        cluster.BisectingKMeans(3, random_state=0),
        cluster.KMeans(3, n_init=2, random_state=0),
        cluster.MiniBatchKMeans(3, n_init=2, random_state=0),
        cluster.AffinityPropagation(random_state=0),
        cluster.MeanShift(),
        compose.ColumnTransformer(
            [("a", preprocessing.StandardScaler(), [0, 1])], remainder="passthrough"
        ),
        compose.TransformedTargetRegressor(
            linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1
        ),
        cross_decomposition.PLSRegression(),
        decomposition.PCA(2, random_state=0),
        decomposition.IncrementalPCA(2),
        decomposition.KernelPCA(2, kernel="rbf", random_state=0),
        decomposition.FastICA(2, random_state=0, whiten="unit-variance"),
        decomposition.NMF(2, random_state=0, max_iter=500),
        decomposition.TruncatedSVD(2, random_state=0),
        decomposition.LatentDirichletAllocation(2, random_state=0),
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(),
        ensemble.AdaBoostRegressor(n_estimators=5, random_state=0),
        ensemble.BaggingClassifier(n_estimators=5, random_state=0),
        ensemble.ExtraTreesClassifier(n_estimators=5, random_state=0),
        ensemble.GradientBoostingClassifier(n_estimators=5, random_state=0),
        ensemble.GradientBoostingRegressor(n_estimators=5, random_state=0),
        ensemble.HistGradientBoostingClassifier(max_iter=5, random_state=0),
        ensemble.HistGradientBoostingRegressor(max_iter=5, random_state=0),
        ensemble.IsolationForest(n_estimators=5, random_state=0),
        ensemble.RandomForestClassifier(n_estimators=5, random_state=0),
        ensemble.RandomForestRegressor(n_estimators=5, random_state=0),
        ensemble.StackingClassifier([("a", linear_model.LogisticRegression())]),
        ensemble.VotingClassifier([("a", linear_model.LogisticRegression())], voting="soft"),
        feature_selection.SelectKBest(k=2),
        feature_selection.VarianceThreshold(0.01),
        feature_selection.RFE(linear_model.LogisticRegression()),
        gaussian_process.GaussianProcessClassifier(random_state=0),
        gaussian_process.GaussianProcessRegressor(
            gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel(), random_state=0
        ),
        impute.KNNImputer(),
        impute.SimpleImputer(strategy="median"),
        kernel_approximation.Nystroem(n_components=5, random_state=0),
        kernel_approximation.RBFSampler(n_components=5, random_state=0),
        kernel_ridge.KernelRidge(kernel="rbf"),
        linear_model.BayesianRidge(),
        linear_model.ElasticNetCV(random_state=0),
        linear_model.GammaRegressor(),
        linear_model.HuberRegressor(),
        linear_model.LassoCV(random_state=0),
        linear_model.LinearRegression(),
        linear_model.LogisticRegression(),
        linear_model.LogisticRegressionCV(cv=2),
        linear_model.PassiveAggressiveClassifier(random_state=0),
        linear_model.Perceptron(random_state=0),
        linear_model.PoissonRegressor(),
        linear_model.QuantileRegressor(solver="highs"),
        linear_model.RANSACRegressor(random_state=0),
        linear_model.RidgeCV(),
        linear_model.RidgeClassifier(),
        linear_model.SGDClassifier(random_state=0, loss="log_loss"),
        linear_model.SGDRegressor(random_state=0, loss="huber"),
        linear_model.SGDOneClassSVM(random_state=0),
        linear_model.TheilSenRegressor(random_state=0, max_subpopulation=50),
        manifold.Isomap(n_neighbors=5),
        manifold.LocallyLinearEmbedding(random_state=0),
        mixture.GaussianMixture(2, random_state=0),
        mixture.BayesianGaussianMixture(n_components=2, random_state=0),
        model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0]}),
        multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
        naive_bayes.ComplementNB(),
        naive_bayes.GaussianNB(),
        neighbors.KNeighborsClassifier(algorithm="kd_tree"),
        neighbors.KNeighborsRegressor(algorithm="ball_tree"),
        neighbors.KernelDensity(),
        neighbors.LocalOutlierFactor(novelty=True),
        neighbors.NearestCentroid(),
        neighbors.NeighborhoodComponentsAnalysis(random_state=0, max_iter=5),
        neural_network.BernoulliRBM(2, random_state=0, n_iter=2),
        neural_network.MLPClassifier((4,), random_state=0, max_iter=20),
        neural_network.MLPRegressor((4,), random_state=0, max_iter=20),
        pipeline.Pipeline([("a", preprocessing.StandardScaler()), ("b", svm.SVC())]),
        pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", decomposition.PCA(2))]),
        preprocessing.KBinsDiscretizer(3, encode="onehot-dense", strategy="uniform"),
        preprocessing.MinMaxScaler(),
        preprocessing.PolynomialFeatures(),
        preprocessing.PowerTransformer(),
        preprocessing.QuantileTransformer(n_quantiles=20, random_state=0),
        preprocessing.RobustScaler(),
        preprocessing.SplineTransformer(n_knots=4),
        preprocessing.StandardScaler(),
        preprocessing.FunctionTransformer(np.log1p),
        preprocessing.Normalizer(),
        semi_supervised.LabelSpreading(),
        svm.LinearSVC(dual=True, random_state=0),
        svm.NuSVC(nu=0.2),
        svm.OneClassSVM(),
        svm.SVC(),
        svm.SVR(),
        tree.DecisionTreeClassifier(random_state=0),
        tree.DecisionTreeRegressor(random_state=0),
        tree.ExtraTreeRegressor(random_state=0),
    )
}
OTHERS: dict[str, tuple[Any, Any]] = {
    "OneHotEncoder": (preprocessing.OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
    "OneHotEncoder.infrequent": (
        preprocessing.OneHotEncoder(min_frequency=5, handle_unknown="infrequent_if_exist"),
        CATEGORIES,
    ),
    "OrdinalEncoder": (preprocessing.OrdinalEncoder(), CATEGORIES),
    "LabelEncoder": (preprocessing.LabelEncoder(), CATEGORIES[:, 0]),
    "LabelBinarizer": (preprocessing.LabelBinarizer(), CATEGORIES[:, 0]),
    "IsotonicRegression": (isotonic.IsotonicRegression(), X[:, 0]),
    "CountVectorizer": (feature_extraction.text.CountVectorizer(), TEXTS),
    "TfidfVectorizer": (feature_extraction.text.TfidfVectorizer(), TEXTS),
    "HashingVectorizer": (feature_extraction.text.HashingVectorizer(n_features=16), TEXTS),
    "DictVectorizer": (feature_extraction.DictVectorizer(), [{text: 1} for text in TEXTS]),
    "FeatureHasher": (feature_extraction.FeatureHasher(4), [{text: 1} for text in TEXTS]),
}
METHODS = ("predict_proba", "predict", "transform", "score_samples")
CASES = {name: (estimator, X) for name, estimator in ESTIMATORS.items()} | OTHERS


def _results(estimator: Any, methods: list[str], data: Any) -> list[float]:
    results: list[float] = []
    for method in methods:
        found = getattr(estimator, method)(data)
        found = found.toarray() if hasattr(found, "toarray") else found
        results += [float(each) for each in np.ravel(found)]
    return results


def _write(name: str, path: Path) -> list[float]:
    estimator, data = CASES[name]
    if name == "IsotonicRegression" or name not in OTHERS:
        estimator.fit(data, Y)
    else:
        estimator.fit(data)
    # Only these are compared, because other versions may have further ones.
    methods = [each for each in METHODS if hasattr(estimator, each)]
    if name == "NearestCentroid":
        methods = ["predict"]  # scikit-learn 1.6 added another one
    path.write_bytes(pickle.dumps((methods, estimator)))
    return _results(estimator, methods, data)


def _read(name: str, path: Path) -> list[float]:
    methods, estimator = pickle.loads(path.read_bytes())
    return _results(estimator, methods, CASES[name][1])


WRITERS = {name: partial(_write, name) for name in CASES}
READERS = {name: partial(_read, name) for name in CASES}
