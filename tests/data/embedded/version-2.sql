BEGIN TRANSACTION;
CREATE TABLE document (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        owner_group TEXT,
        published INTEGER NOT NULL,
        dataset_name TEXT,
        creation_time TEXT,
        updated_at TEXT,
        body TEXT NOT NULL);
INSERT INTO "document" VALUES(1,'datasets','local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e','me',0,'name 0','2026-03-01T12:00:00.000Z','2026-11-22T22:16:29.984Z','{"size":3,"packedSize":0,"numberOfFiles":1,"numberOfFilesArchived":0,"accessGroups":["friends"],"keywords":["old","kept"],"techniques":[],"sharedWith":[],"relationships":[],"principalInvestigators":[],"proposalIds":[],"sampleIds":[],"instrumentIds":[],"inputDatasets":[],"usedSoftware":[],"isPublished":false,"classification":"IN=medium,AV=low,CO=low","scientificMetadata":{},"ownerGroup":"me","owner":"me","contactEmail":"me@site.example","sourceFolder":"/data","creationTime":"2026-03-01T12:00:00.000Z","datasetName":"name 0","type":"raw","datasetlifecycle":{"archivable":true,"retrievable":false,"publishable":false,"dateOfDiskPurging":"2026-11-22T22:16:29.984Z","archiveRetentionTime":"2036-11-19T22:16:29.984Z","dateOfPublishing":"2029-11-21T22:16:29.984Z","publishedOn":"2026-11-22T22:16:29.984Z","isOnCentralDisk":true,"archiveStatusMessage":"datasetCreated","retrieveStatusMessage":"","retrieveIntegrityCheck":false},"_id":"local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e","__v":0,"pid":"local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e","version":"4","createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T22:16:29.984Z","updatedAt":"2026-11-22T22:16:29.984Z"}');
INSERT INTO "document" VALUES(2,'datasets','local/086aaad7-11a2-4f94-8f61-ad1de79f5960','me',1,'name 1','2026-03-01T12:00:00.000Z','2026-11-22T22:16:29.986Z','{"size":0,"packedSize":0,"numberOfFiles":0,"numberOfFilesArchived":0,"accessGroups":[],"keywords":[],"techniques":[],"sharedWith":[],"relationships":[],"principalInvestigators":[],"proposalIds":[],"sampleIds":[],"instrumentIds":[],"inputDatasets":[],"usedSoftware":[],"isPublished":true,"classification":"IN=medium,AV=low,CO=low","scientificMetadata":{},"ownerGroup":"me","owner":"me","contactEmail":"me@site.example","sourceFolder":"/data","creationTime":"2026-03-01T12:00:00.000Z","datasetName":"name 1","type":"raw","datasetlifecycle":{"archivable":true,"retrievable":false,"publishable":false,"dateOfDiskPurging":"2026-11-22T22:16:29.986Z","archiveRetentionTime":"2036-11-19T22:16:29.986Z","dateOfPublishing":"2029-11-21T22:16:29.986Z","publishedOn":"2026-11-22T22:16:29.986Z","isOnCentralDisk":true,"archiveStatusMessage":"datasetCreated","retrieveStatusMessage":"","retrieveIntegrityCheck":false},"_id":"local/086aaad7-11a2-4f94-8f61-ad1de79f5960","__v":0,"pid":"local/086aaad7-11a2-4f94-8f61-ad1de79f5960","version":"4","createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T22:16:29.986Z","updatedAt":"2026-11-22T22:16:29.986Z"}');
INSERT INTO "document" VALUES(3,'orig_datablocks','e882b5e7-c591-4e4a-8db8-f7a1c8328f02','me',0,NULL,NULL,NULL,'{"_id":"e882b5e7-c591-4e4a-8db8-f7a1c8328f02","__v":0,"isPublished":false,"datasetId":"local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e","size":3,"dataFileList":[{"path":"a.dat","size":3,"time":"2026-03-01T12:00:00.000Z"}],"ownerGroup":"me","accessGroups":["friends"],"createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T22:16:29.987Z","updatedAt":"2026-11-22T22:16:29.987Z"}');
INSERT INTO "document" VALUES(4,'attachments','03547746-7f92-4069-baab-f4a8ef5925b4','me',0,NULL,NULL,NULL,'{"_id":"ba9d6d762d79e36108ac2b5d","__v":0,"accessGroups":["friends"],"isPublished":false,"relationships":[{"relationType":"is attached to","targetId":"local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e","targetType":"dataset"}],"ownerGroup":"me","thumbnail":"data:image/png;base64,aWNvbg==","caption":"A picture","aid":"03547746-7f92-4069-baab-f4a8ef5925b4","createdBy":"me","updatedBy":"me","createdAt":"2026-11-22T22:16:29.989Z","updatedAt":"2026-11-22T22:16:29.989Z"}');
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "setting" VALUES('token_key','0000000000000000000000000000000000000000000000000000000000000000');
CREATE TABLE term (
        path TEXT NOT NULL,
        value TEXT NOT NULL,
        seq INTEGER NOT NULL REFERENCES document (seq) ON DELETE CASCADE,
        PRIMARY KEY (path, value, seq)) WITHOUT ROWID;
INSERT INTO "term" VALUES('accessGroups','friends',1);
INSERT INTO "term" VALUES('keywords','kept',1);
INSERT INTO "term" VALUES('keywords','old',1);
INSERT INTO "term" VALUES('sourceFolder','/data',1);
INSERT INTO "term" VALUES('sourceFolder','/data',2);
INSERT INTO "term" VALUES('','local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e',3);
INSERT INTO "term" VALUES('accessGroups','friends',3);
INSERT INTO "term" VALUES('','local/fa0efeb3-7f2f-4344-8900-1a09ad8c918e',4);
INSERT INTO "term" VALUES('accessGroups','friends',4);
CREATE UNIQUE INDEX document_by_id ON document (collection, id);
CREATE INDEX document_by_making ON document (collection);
CREATE INDEX document_by_owner ON document (collection, owner_group);
CREATE INDEX document_by_publication ON document (collection) WHERE published = 1;
CREATE INDEX dataset_by_name ON document (dataset_name) WHERE collection = 'datasets';
CREATE INDEX dataset_by_creation_time ON document (creation_time) WHERE collection = 'datasets';
CREATE INDEX dataset_by_update ON document (updated_at) WHERE collection = 'datasets';
CREATE INDEX term_by_document ON term (seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('document',4);
COMMIT;
PRAGMA user_version = 2;
